"""What waits for the operator, answered where it stands: the strip at the top, and the card that poses one entry."""
