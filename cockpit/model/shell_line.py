"""A line for the shell of a VM's user, as the words of a command."""

from __future__ import annotations


def shell_line(text: str) -> tuple[str, ...]:
    """Return the command that runs a line as it would be typed there: by the login shell of the VM's user."""
    return ("sh", "-c", 'exec "${SHELL:-sh}" -c "$1"', "sh", text)
