"""The language in which an operator says which rows of a list are wanted."""
