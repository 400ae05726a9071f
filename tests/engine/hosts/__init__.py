"""Plain SSH hosts beside a fleet: a real server, real scripted agents, one connection."""
