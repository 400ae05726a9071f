"""What the operator adds to the cockpit: columns of the list of agents, and commands about one of them."""
