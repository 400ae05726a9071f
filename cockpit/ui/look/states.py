"""Looks: glyph, word and colour of every state. State is never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.fleet import LinkState, Power, Stage
from cockpit.model.why import Headline


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown."""

    glyph: str
    word: str
    style: str


class Mode(StrEnum):
    """The three acts of writing to an agent."""

    PROMPT = "prompt"
    STEER = "steer"
    FOLLOW_UP = "follow-up"


MODE_LOOKS: dict[Mode, Look] = {
    Mode.PROMPT: Look("❯", "PROMPT", "$mode-prompt"),
    Mode.STEER: Look("↯", "STEER", "$mode-steer"),
    Mode.FOLLOW_UP: Look("↳", "FOLLOW-UP", "$mode-follow-up"),
}

MODE_MEANINGS: dict[Mode, str] = {
    Mode.PROMPT: "starts a run",
    Mode.STEER: "interrupts the run",
    Mode.FOLLOW_UP: "waits for the end of the run",
}

TONE_LOOKS: dict[str, Look] = {
    "asking": Look("?", "asking", "bold $agent-asking"),
    "failed": Look("✗", "failed", "$agent-failed"),
    "running": Look("●", "working", "$agent-running"),
    "done": Look("✓", "done", "$agent-done"),
    "idle": Look("○", "idle", "$agent-idle"),
    "paused": Look("‖", "paused", "$agent-paused"),
    "starting": Look("◌", "starting", "$link-degraded"),
    "unknown": Look("·", "unknown", "$muted"),
}
"""By tone, in the order of the header's counts: what needs the operator first."""

POWER_LOOKS: dict[Power, Look] = {
    Power.BOOTING: Look("◌", "booting", "$link-degraded"),
    Power.RUNNING: Look("●", "running", "$agent-running"),
    Power.PAUSED: Look("‖", "paused", "$agent-paused"),
    Power.SLEEPING: Look("‖", "sleeping", "$agent-paused"),
    Power.DEAD: Look("✗", "dead", "$agent-failed"),
    Power.GONE: Look("✗", "gone", "$agent-failed"),
    Power.UNKNOWN: Look("·", "unknown", "$muted"),
}

LINK_LOOKS: dict[LinkState, Look] = {
    LinkState.NEVER: Look("·", "no link", "$muted"),
    LinkState.CONNECTING: Look("↻", "linking", "$link-degraded"),
    LinkState.UP: Look("⇄", "up", "$link-up"),
    LinkState.SILENT: Look("~", "silent", "$link-degraded"),
    LinkState.PAUSED: Look("‖", "paused", "$agent-paused"),
    LinkState.DOWN: Look("✗", "down", "$link-down"),
}

STATUS_LOOKS: dict[str, Look] = {
    "in_progress": Look("●", "in progress", "$agent-running"),
    "in_review": Look("◐", "in review", "$agent-done"),
    "blocked": Look("✗", "blocked", "$agent-failed"),
    "open": Look("○", "open", "$agent-idle"),
    "done": Look("✓", "done", "$muted"),
}

STAGE_WORDS: dict[Stage, str] = {
    Stage.PENDING: "waiting for the link",
    Stage.WRITTEN: "written",
    Stage.ACCEPTED: "accepted",
    Stage.QUEUED: "queued",
    Stage.STEERING: "steering",
    Stage.CONSUMED: "read",
    Stage.DONE: "done",
    Stage.FAILED: "failed",
    Stage.UNCONFIRMED: "unconfirmed",
    Stage.DISMISSED: "dismissed",
}


def look_of(head: Headline) -> Look:
    """Return the look of an agent's headline: its tone gives glyph and colour, its word stays.

    A troubled link has a glyph of its own: it is never shown as a state of the agent.
    """
    look = TONE_LOOKS.get(head.tone, TONE_LOOKS["unknown"])
    return Look("~" if head.link else look.glyph, head.word, look.style)
