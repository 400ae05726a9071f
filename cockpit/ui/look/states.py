"""Looks: glyph, word and colour of every state. State is never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.fleet import LinkState, Power, Stage
from cockpit.model.why import Headline


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How one state is shown."""

    glyph: str
    word: str
    style: str


class Mode(StrEnum):
    """The three acts of writing to an agent."""

    PROMPT = "prompt"
    STEER = "steer"
    FOLLOW_UP = "follow-up"


MODE_STYLES: dict[Mode, StateStyle] = {
    Mode.PROMPT: StateStyle("❯", "PROMPT", "$mode-prompt"),
    Mode.STEER: StateStyle("↯", "STEER", "$mode-steer"),
    Mode.FOLLOW_UP: StateStyle("↳", "FOLLOW-UP", "$mode-follow-up"),
}

MODE_MEANINGS: dict[Mode, str] = {
    Mode.PROMPT: "starts a run",
    Mode.STEER: "interrupts the run",
    Mode.FOLLOW_UP: "waits for the end of the run",
}

TONE_STYLES: dict[str, StateStyle] = {
    "asking": StateStyle("?", "asking", "bold $agent-asking"),
    "failed": StateStyle("✗", "failed", "$agent-failed"),
    "running": StateStyle("●", "working", "$agent-running"),
    "done": StateStyle("✓", "done", "$agent-done"),
    "idle": StateStyle("○", "idle", "$agent-idle"),
    "paused": StateStyle("‖", "paused", "$agent-paused"),
    "starting": StateStyle("◌", "starting", "$link-degraded"),
    "unknown": StateStyle("·", "unknown", "$muted"),
}
"""By tone, in the order of the header's counts: what needs the operator first."""

POWER_STYLES: dict[Power, StateStyle] = {
    Power.BOOTING: StateStyle("◌", "booting", "$link-degraded"),
    Power.RUNNING: StateStyle("●", "running", "$agent-running"),
    Power.PAUSED: StateStyle("‖", "paused", "$agent-paused"),
    Power.SLEEPING: StateStyle("‖", "sleeping", "$agent-paused"),
    Power.DEAD: StateStyle("✗", "dead", "$agent-failed"),
    Power.GONE: StateStyle("✗", "gone", "$agent-failed"),
    Power.UNKNOWN: StateStyle("·", "unknown", "$muted"),
}

LINK_STYLES: dict[LinkState, StateStyle] = {
    LinkState.NEVER: StateStyle("·", "no link", "$muted"),
    LinkState.CONNECTING: StateStyle("↻", "linking", "$link-degraded"),
    LinkState.UP: StateStyle("⇄", "up", "$link-up"),
    LinkState.SILENT: StateStyle("~", "silent", "$link-degraded"),
    LinkState.PAUSED: StateStyle("‖", "paused", "$agent-paused"),
    LinkState.DOWN: StateStyle("✗", "down", "$link-down"),
}

STATUS_STYLES: dict[str, StateStyle] = {
    "in_progress": StateStyle("●", "in progress", "$agent-running"),
    "in_review": StateStyle("◐", "in review", "$agent-done"),
    "blocked": StateStyle("✗", "blocked", "$agent-failed"),
    "open": StateStyle("○", "open", "$agent-idle"),
    "done": StateStyle("✓", "done", "$muted"),
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


def style_of(head: Headline) -> StateStyle:
    """Return the look of an agent's headline: its tone gives glyph and colour, its word stays.

    A troubled link has a glyph of its own: it is never shown as a state of the agent.
    """
    look = TONE_STYLES.get(head.tone, TONE_STYLES["unknown"])
    return StateStyle("~" if head.link else look.glyph, head.word, look.style)
