"""What agents and VMs cost: sums, rates, budgets, and the limits that providers set."""
