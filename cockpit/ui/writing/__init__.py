"""The parts of the composer: its border, its history, what it offers to choose from, and the operator's editor."""
