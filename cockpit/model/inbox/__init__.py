"""What waits for the operator, entry by entry: how it is called, grouped, put off, and answered without a slip."""
