"""The command line: a verb for each thing the operator does, and the opening of the screen."""
