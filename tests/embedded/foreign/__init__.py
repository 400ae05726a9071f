"""The published clients of others against an embedded fleet."""
