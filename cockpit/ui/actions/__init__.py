"""What the operator can do: one declaration for each action, with its keys."""
