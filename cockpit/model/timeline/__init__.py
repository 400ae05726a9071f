"""What agents did minute by minute, as it is recorded: how long they worked, and how long they waited for a person."""
