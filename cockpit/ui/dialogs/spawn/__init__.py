"""Spawning: a line for a name, the whole form, and every step as it happens."""
