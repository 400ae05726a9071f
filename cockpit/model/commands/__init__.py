"""What the operator can order, each command with its frozen target."""
