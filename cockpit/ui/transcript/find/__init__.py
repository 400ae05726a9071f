"""Finding words in a transcript: what is held, and what only the history has."""
