"""What calls the operator who looks elsewhere: which facts, when each is told, and in which words."""
