"""The embedded fleet's HTTP API."""
