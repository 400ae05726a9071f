"""The registry of actions: one declaration yields key, footer, palette entry, help, README table, reason, handler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import zip_longest

from textual.binding import Binding

from cockpit.model.sub_agents import OTHER, PLACE, TALK, SubAgent, refusal_of
from cockpit.ui.actions import (
    acts,
    agents,
    application,
    arranging,
    board,
    ends,
    feed,
    files,
    hints,
    identity,
    images,
    machines,
    marking,
    mending,
    menu,
    move,
    notices,
    peeking,
    places,
    plan,
    queue,
    reach,
    reading,
    recovery,
    see,
    sessions,
    shared,
    snoozing,
    swarm,
    talk,
    tasks,
    trials,
    tuning,
    usage,
    work,
)
from cockpit.ui.actions.action import GROUPS, Action, Situation
from cockpit.ui.actions.keys import key_label

ACTIONS: tuple[Action, ...] = tuple(
    sorted(
        (
            *talk.ACTIONS,
            *queue.ACTIONS,
            *marking.ACTIONS,
            *agents.ACTIONS,
            *ends.ACTIONS,
            *swarm.ACTIONS,
            *trials.ACTIONS,
            *work.ACTIONS,
            *recovery.ACTIONS,
            *machines.ACTIONS,
            *mending.ACTIONS,
            *files.ACTIONS,
            *menu.ACTIONS,
            *tuning.ACTIONS,
            *sessions.ACTIONS,
            *acts.ACTIONS,
            *notices.ACTIONS,
            *reach.ACTIONS,
            *identity.ACTIONS,
            *images.ACTIONS,
            *board.ACTIONS,
            *plan.ACTIONS,
            *tasks.ACTIONS,
            *feed.ACTIONS,
            *reading.ACTIONS,
            *hints.ACTIONS,
            *see.ACTIONS,
            *peeking.ACTIONS,
            *snoozing.ACTIONS,
            *arranging.ACTIONS,
            *usage.ACTIONS,
            *shared.ACTIONS,
            *move.ACTIONS,
            *places.ACTIONS,
            *application.ACTIONS,
        ),
        key=lambda action: GROUPS.index(action.group),
    )
)
"""Every action of the cockpit, once, in the order of the footer, the help and the README table."""

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def bindings(screen: str = "home") -> list[Binding]:
    """Derive the bindings of a screen, each with its action's id; over the home screen's, another has its own.

    None has priority over the focus: an operator may give any action a letter, and a field must be able to take it.
    """
    derived: list[Binding] = []
    for action in ACTIONS:
        if not action.keys or action.screen != screen:
            continue
        derived.append(
            Binding(
                action.keys,
                f"act('{action.id}')",
                action.label,
                id=action.id,
                show=bool(action.panes),
                tooltip=action.description,
            )
        )
    return derived


def hidden(action: Action, situation: Situation) -> bool:
    """Tell whether an action is not offered at all: it writes and the cockpit only reads."""
    return action.writes and situation.read_only


def disabled_reason(action: Action, situation: Situation) -> str:
    """Say why an action cannot be done now, or return empty text."""
    if hidden(action, situation):
        return "the cockpit is read-only"
    if action.many is not None and situation.marked:
        return action.many.reason(situation)
    if situation.sub_agent is not None and action.id not in READS and (action.group in ORDERING or action.writes):
        return _refused_to(situation.sub_agent, action, situation)
    return action.reason(situation)


ORDERING = ("Talk", "Agents")
"""Groups whose actions are about the selected agent; what others do without writing is reading."""

READS = ("agent.why",)
"""What can be asked about a sub-agent."""


def _refused_to(sub_agent: SubAgent, action: Action, situation: Situation) -> str:
    """Say why an action that is about an agent cannot be done to a sub-agent; others are judged as ever."""
    reason = action.reason(situation)
    without = action.reason(replace(situation, agent=None, vm=None, sub_agent=None))
    if without in ("", reason):
        return reason
    wants = TALK if action.group == "Talk" else PLACE if action.id.startswith("vm.") else OTHER
    return refusal_of(sub_agent, wants)


def grouped(actions: Iterable[Action] = ACTIONS) -> list[tuple[str, list[Action]]]:
    """Return the actions by group, in the order of the help screen."""
    chosen = list(actions)
    return [(group, [action for action in chosen if action.group == group]) for group in GROUPS]


BRIEF = ("Read", "Move", "Board screen", "Feed screen", "Agent screen", "Grid screen")
"""Groups whose actions say what they do by their names."""


BESIDE = " | |"
"""The end of a row of the table that has room for another group."""


def key_table() -> str:
    """Return the README's key table in Markdown, generated so that it cannot drift from the keys."""
    lines = ["| Key | What it does | Key | What it does |", "|---|---|---|---|"]
    for group, members in grouped():
        if group not in BRIEF:
            lines.append(f"| | **{group}** | | |")
        told = [_told(action) for action in members if action.keys and action.group not in BRIEF]
        # Two to a row: the table is read at a glance.
        pairs = zip_longest(told[::2], told[1::2], fillvalue=" | ")
        lines += [f"| {one} | {other} |" for one, other in pairs]
        if group in BRIEF:
            # They say what they do by their names, so that one row has room for all.
            acts = ", ".join(f"{_keys(action)} {action.label}" for action in members if action.keys)
            unbound = ", ".join(action.label for action in members if not action.keys)
            cell = f"| **{group}**: {acts}{'; palette: ' if unbound else ''}{unbound} |"
            if lines[-1].endswith(BESIDE):
                lines[-1] = lines[-1].removesuffix(BESIDE) + f" {cell}"
            else:
                lines.append(f"| {cell}{BESIDE}")
        # One row for all of them: the palette says what each does.
        elif found := [f"{action.label}{_asks(action)}" for action in members if not action.keys]:
            lines.append(f"| palette | {', '.join(found)} | | |")
    return "\n".join(lines) + "\n"


def _told(action: Action) -> str:
    return f"{_keys(action)} | **{action.label}**: {action.description}{_asks(action)}"


def _keys(action: Action) -> str:
    # A bar would end the cell of a table in Markdown.
    return " ".join(f"`{key_label(key)}`".replace("|", "\\|") for key in action.keys.split(","))


def _asks(action: Action) -> str:
    return " (asks first)" if action.dangerous else ""
