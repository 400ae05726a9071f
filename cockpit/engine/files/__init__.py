"""The files of agents, over the links that are there: looked at, searched, edited, carried here and there."""
