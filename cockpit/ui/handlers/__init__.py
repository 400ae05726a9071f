"""What the screens do for each action."""
