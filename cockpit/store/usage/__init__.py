"""What was spent, in the store: each answer once, however often and from wherever it is read."""
