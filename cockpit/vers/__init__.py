"""The Vers REST client and its wire models."""
