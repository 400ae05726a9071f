"""Panes and small widgets."""
