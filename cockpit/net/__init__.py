"""HTTP as both clients need it: bounded in time and size, repeated only where that is harmless."""
