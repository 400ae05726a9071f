"""Several agents at once: a cell for each with what it says now, or all of it as one stream in the order of time."""
