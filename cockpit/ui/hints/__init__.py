"""Hints: labels on addresses, paths, hashes and ports in sight, and what can be done with one."""
