"""Receipts: what became of each command, judged from the agent's own stream."""
