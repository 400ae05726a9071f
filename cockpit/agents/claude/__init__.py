"""Claude Code, driven by its stream-json protocol."""
