"""Tests of the entries that wait for the operator."""
