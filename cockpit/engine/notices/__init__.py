"""Calls the operator: one process of those that share a history does it."""
