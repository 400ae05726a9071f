"""What is told in words, and as the variables that a hook gets; the words are those of agents, and not yet clean."""

from __future__ import annotations

from collections import Counter

from cockpit.model.codec import safe_text
from cockpit.model.notices.notifier import CalledFact, Occasion, Summons
from cockpit.model.reduce.tools import one_line

MOST_VALUE = 4_000
"""Characters of a variable: the environment of a program has a bound, and all variables share it."""
MOST_LINE = 400
"""Characters of one sentence."""
NAMED = 4
"""Names in a headline."""


def headline_of(summons: Summons) -> str:
    """Return a call as one line: what happened if it is one thing, else how many of what, with some names."""
    changes = summons.changes
    opening = "while nobody was told: " if summons.occasion is Occasion.SUM else ""
    if len(changes) == 1:
        return opening + one_line(changes[0].condition.sentence, MOST_LINE)
    states = Counter(change.condition.state for change in changes)
    counted = ", ".join(f"{number} {state}" for state, number in states.items())
    names = list(dict.fromkeys(change.condition.name for change in changes if change.condition.name))
    if not names:
        return opening + counted
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{opening}{counted}: {one_line(', '.join(names[:NAMED]), MOST_LINE)}{more}"


def lines_of(summons: Summons) -> list[str]:
    """Return each thing that is told as one line."""
    return [one_line(change.condition.sentence, MOST_LINE) for change in summons.changes]


def variables_of(summons: Summons) -> dict[str, str]:
    """Return what a hook gets in its environment: how many there are, and all of the most urgent one."""
    first = summons.changes[0] if summons.changes else None
    condition = first.condition if first is not None else None
    values = {
        "COCKPIT_NOTICE": summons.occasion.value,
        "COCKPIT_COUNT": str(len(summons.changes)),
        "COCKPIT_TEXT": headline_of(summons),
        "COCKPIT_AGENT": condition.name if condition is not None else "",
        "COCKPIT_AGENT_ID": str(condition.agent or "") if condition is not None else "",
        "COCKPIT_OLD_STATE": first.old if first is not None else "",
        "COCKPIT_NEW_STATE": condition.state if condition is not None else "",
        "COCKPIT_REASON": condition.reason if condition is not None else "",
        "COCKPIT_QUESTION": condition.question if condition is not None else "",
    }
    return {name: _value(value) for name, value in values.items()}


def change_object(change: CalledFact) -> dict[str, str | bool | None]:
    """Return a change for JSON."""
    one = change.condition
    return {
        "agent": _value(one.name) or None,
        "agent_id": str(one.agent) if one.agent is not None else None,
        "old_state": change.old or None,
        "new_state": one.state,
        "urgent": one.urgent,
        "text": _value(one_line(one.sentence, MOST_LINE)),
        "reason": _value(one_line(one.reason, MOST_LINE)) or None,
        "question": _value(one_line(one.question, MOST_LINE)) or None,
    }


def _value(text: str) -> str:
    """Return what a variable may hold: no NUL ends it early, and no control character reaches who prints it."""
    kept = "".join(" " if character < " " or "\x7f" <= character <= "\x9f" else character for character in text)
    return safe_text(kept)[:MOST_VALUE]
