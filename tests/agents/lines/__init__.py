"""Agents that only print lines."""
