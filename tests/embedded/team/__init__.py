"""The services for a team, and what keeps their data."""
