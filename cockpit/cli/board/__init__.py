"""The verbs about the board: its tasks listed and shown, acted upon, edited."""
