"""Usage: what agents and machines cost is kept and summed up here, budgets act, idle agents are paused."""
