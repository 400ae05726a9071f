"""From settings and environment to a running engine; the one place that knows every part."""
