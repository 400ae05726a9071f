"""Who has what in one fleet: each owner has a token, records and an application of its own."""
