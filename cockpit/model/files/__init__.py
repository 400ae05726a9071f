"""Files of agents as an operator sees them: what a directory holds, what a file says, what is on its way."""
