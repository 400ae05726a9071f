"""Tests of the way to a VM: a real sshd, relays that misbehave, and a file under every kind of fault."""
