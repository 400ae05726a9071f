"""A reef's answers as the fleet's own records: it has no registry and no free log, and counts usage in its own way."""
