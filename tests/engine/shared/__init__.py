"""What the services keep beside board and feed, against real servers on loopback."""
