"""Pure data: the fleet, its events, its commands and how they fold."""
