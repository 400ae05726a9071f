"""The text that tells an agent who it is."""

from __future__ import annotations

from cockpit.model.commands.life import Spawn

INSTRUCTIONS_FILE = ".swarm/instructions.md"
"""Relative to the home directory on the VM."""

INSTRUCTIONS = """# You are {name}

You are a {kind} in a swarm of coding agents that one operator supervises{parent}.
{role}
You keep your context over many tasks. End each task with a short summary and your open questions.
"""


def instructions(spawn: Spawn) -> str:
    """Return the text that tells an agent who it is."""
    parent = f"; you work for {spawn.parent}" if spawn.parent else ""
    role = f"Your role: {spawn.role}\n" if spawn.role else ""
    return INSTRUCTIONS.format(name=spawn.name, kind=spawn.kind.value, parent=parent, role=role)
