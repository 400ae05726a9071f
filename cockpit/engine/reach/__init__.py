"""Into the VMs at the operator's word: commands and terminals on them, what listens there, and ways to their ports."""
