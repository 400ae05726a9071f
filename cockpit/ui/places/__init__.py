"""Where the operator is and was: places, the way back and forward through them, and the line that says the way."""
