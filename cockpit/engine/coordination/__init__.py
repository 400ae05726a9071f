"""The shared state of a swarm: what is read of the services, and what the cockpit does there by itself."""
