"""The inbox: everything that wants the operator, in groups."""
