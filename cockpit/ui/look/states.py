"""Looks: glyph, word and colour of every state. State is never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.fleet import Link, LinkState, Power
from cockpit.model.receipts.receipt import Stage
from cockpit.model.why import Headline
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How one state is shown."""

    glyph: Clean
    word: Clean
    style: str


class Mode(StrEnum):
    """The three acts of writing to an agent."""

    PROMPT = "prompt"
    STEER = "steer"
    FOLLOW_UP = "follow-up"


MODE_STYLES: dict[Mode, StateStyle] = {
    Mode.PROMPT: StateStyle(ours("❯"), ours("PROMPT"), "$mode-prompt"),
    Mode.STEER: StateStyle(ours("↯"), ours("STEER"), "$mode-steer"),
    Mode.FOLLOW_UP: StateStyle(ours("↳"), ours("FOLLOW-UP"), "$mode-follow-up"),
}

TONE_STYLES: dict[str, StateStyle] = {
    "asking": StateStyle(ours("?"), ours("asking"), "bold $agent-asking"),
    "failed": StateStyle(ours("✗"), ours("failed"), "$agent-failed"),
    "running": StateStyle(ours("●"), ours("working"), "$agent-running"),
    "done": StateStyle(ours("✓"), ours("done"), "$agent-done"),
    "idle": StateStyle(ours("○"), ours("idle"), "$agent-idle"),
    "paused": StateStyle(ours("‖"), ours("paused"), "$agent-paused"),
    "starting": StateStyle(ours("◌"), ours("starting"), "$link-degraded"),
    "unknown": StateStyle(ours("·"), ours("unknown"), "$muted"),
}
"""By tone, in the order of the header's counts: what needs the operator first."""

POWER_STYLES: dict[Power, StateStyle] = {
    Power.BOOTING: StateStyle(ours("◌"), ours("booting"), "$link-degraded"),
    Power.RUNNING: StateStyle(ours("●"), ours("running"), "$agent-running"),
    Power.PAUSED: StateStyle(ours("‖"), ours("paused"), "$agent-paused"),
    Power.SLEEPING: StateStyle(ours("‖"), ours("sleeping"), "$agent-paused"),
    Power.DEAD: StateStyle(ours("✗"), ours("dead"), "$agent-failed"),
    Power.GONE: StateStyle(ours("✗"), ours("gone"), "$agent-failed"),
    Power.UNKNOWN: StateStyle(ours("·"), ours("unknown"), "$muted"),
}

LINK_STYLES: dict[LinkState, StateStyle] = {
    LinkState.NEVER: StateStyle(ours("·"), ours("no link"), "$muted"),
    LinkState.CONNECTING: StateStyle(ours("↻"), ours("linking"), "$link-degraded"),
    LinkState.UP: StateStyle(ours("⇄"), ours("up"), "$link-up"),
    LinkState.SILENT: StateStyle(ours("~"), ours("silent"), "$link-degraded"),
    LinkState.PAUSED: StateStyle(ours("‖"), ours("paused"), "$agent-paused"),
    LinkState.DOWN: StateStyle(ours("✗"), ours("down"), "$link-down"),
}

KEY_CHANGED = StateStyle(ours("✗"), ours("key changed"), "$link-down")
"""How a link is shown that is refused because another host key was offered: what is down can come back by itself."""


def link_look(link: Link) -> StateStyle:
    """Return how a link is shown."""
    return KEY_CHANGED if link.state is LinkState.DOWN and link.offered_key else LINK_STYLES[link.state]


STATUS_STYLES: dict[str, StateStyle] = {
    "in_progress": StateStyle(ours("●"), ours("in progress"), "$agent-running"),
    "in_review": StateStyle(ours("◐"), ours("in review"), "$agent-done"),
    "blocked": StateStyle(ours("✗"), ours("blocked"), "$agent-failed"),
    "open": StateStyle(ours("○"), ours("open"), "$agent-idle"),
    "done": StateStyle(ours("✓"), ours("done"), "$muted"),
}

STAGE_WORDS: dict[Stage, Clean] = {
    Stage.PENDING: ours("waiting for the link"),
    Stage.WRITTEN: ours("written"),
    Stage.ACCEPTED: ours("accepted"),
    Stage.QUEUED: ours("queued"),
    Stage.STEERING: ours("steering"),
    Stage.CONSUMED: ours("read"),
    Stage.DONE: ours("done"),
    Stage.FAILED: ours("failed"),
    Stage.UNCONFIRMED: ours("unconfirmed"),
    Stage.DISMISSED: ours("dismissed"),
}


def style_of(head: Headline) -> StateStyle:
    """Return the look of an agent's headline: its tone gives glyph and colour, its word stays.

    A troubled link has a glyph of its own: it is never shown as a state of the agent.
    """
    look = TONE_STYLES.get(head.tone, TONE_STYLES["unknown"])
    return StateStyle(ours("~") if head.link else look.glyph, clean_line(head.word), look.style)
