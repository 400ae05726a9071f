"""Claude Code itself, in the cockpit, against the scripted model server."""
