"""Plain SSH hosts: OpenSSH's files, one connection for many, and many readers over one channel."""
