"""The demonstration: a fleet of its own with scripted agents, and the pictures taken from it."""
