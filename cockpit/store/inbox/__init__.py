"""The inbox's memory: entries that are put off, and what became of questions."""
