"""Agents that only read and print lines, described in the configuration: their states are guessed from patterns."""
