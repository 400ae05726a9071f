"""Plain SSH hosts: reached as OpenSSH would reach them, over one connection for all agents of a host."""
