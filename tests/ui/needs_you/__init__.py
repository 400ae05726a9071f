"""Tests of what waits for the operator, answered where it stands."""
