"""Boxes over a screen that ask something or show a text, and go away with an answer."""
