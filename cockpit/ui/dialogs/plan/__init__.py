"""Dialogs about plans: the view of one with its keys, and the way of a text onto the board."""
