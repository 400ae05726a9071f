"""A scripted model server on loopback: real agents run against it without a network."""
