"""What the services of a swarm keep beside board and feed: usage, skills, log, journal, reports, commits, registry."""
