"""The board as lanes: the widget that draws them, and what is asked about a task on it."""
