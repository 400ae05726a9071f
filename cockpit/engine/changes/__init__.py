"""Changes of workspaces: looked at when asked, kept at prompts and at the ends of turns, commented on."""
