"""The product as it reaches a newcomer: the wheel, the installed command, the README and its pictures."""
