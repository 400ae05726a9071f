"""The VM that hosts board, feed and registry: made by one act, apart from the swarm."""
