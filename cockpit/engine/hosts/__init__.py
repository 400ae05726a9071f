"""Plain SSH hosts as a source: places of agents on a host stand where VMs stand elsewhere."""
