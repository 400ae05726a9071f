"""The terminal: what comes in as bytes, what goes out, and what happens when it goes away."""
