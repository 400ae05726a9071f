"""The part of the HTTP API that speaks as the Vers platform does."""
