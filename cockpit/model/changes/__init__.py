"""What an agent changed in its workspace: differences, snapshots of turns, comments on lines; pure data and rules."""
