"""The pure function that folds events into the state of an agent."""
