"""Real pi in the scaffold, in both wire dialects, against the scripted model server."""
