"""The screen of an agent's files: a tree, what a file says, and files on their way."""
