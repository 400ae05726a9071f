"""SSH to a VM: connections, commands and files."""
