"""Runs the operator's own columns and commands on this machine."""
