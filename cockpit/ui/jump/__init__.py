"""Jumping: letters on all that can have the keys, and on every row in sight; they lead there."""
