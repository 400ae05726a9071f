"""Tasks of the board as people handle them: as a text to edit, merged with what others changed, filtered."""
