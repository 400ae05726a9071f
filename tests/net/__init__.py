"""The HTTP core."""
