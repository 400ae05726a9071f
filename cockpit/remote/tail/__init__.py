"""Resumable reading of a file on a VM."""
