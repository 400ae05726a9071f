"""The services for a team: one server that others reach, never without a token and never in the clear."""
