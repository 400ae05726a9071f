"""Plans: tasks with dependencies and roles, as people write them, as the board keeps them, and what is next."""
