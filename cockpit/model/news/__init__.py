"""The feed as people read it: how fresh it is, what of it is folded, and what it sums up to."""
