"""How bytes move between this machine and a VM."""
