"""How programs that are not ours reach an embedded fleet: an environment, and a configuration of OpenSSH."""
