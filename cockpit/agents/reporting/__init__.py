"""What an agent's VM has of ours to report with: to board and feed by a program, to the registry by heartbeats."""
