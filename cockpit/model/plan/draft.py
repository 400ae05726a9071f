"""The fields of a task, as any form of a plan gives them, turned into the task; what is wrong is said with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.model.plan.graph import Named, joined
from cockpit.model.plan.marks import is_own
from cockpit.model.plan.plan import (
    AT_ONCE,
    MOST_AT_ONCE,
    MOST_TASKS,
    MOST_VMS,
    Plan,
    PlanFault,
    PlanSettings,
    PlanTask,
    fault_of_name,
    slug,
)

FIELDS = {
    "after": "after",
    "depends on": "after",
    "needs": "after",
    "tags": "tags",
    "role": "role",
    "paths": "paths",
    "files": "paths",
    "accept": "accept",
    "acceptance": "accept",
    "minutes": "minutes",
    "id": "id",
}
"""The words a field of a task may begin with, and what each means."""

SETTINGS = {"name": "name", "at once": "at once", "vms": "vms", "review": "review", "workers": "workers"}
"""The words a setting of the whole plan may begin with."""

LISTS = frozenset({"after", "tags", "paths", "accept"})
"""The fields that hold several."""

KEEP, TEAR_DOWN = "keep", "teardown"
"""What may become of the workers made for a plan when it is done."""

_MINUTES = re.compile(r"[~≈]?\s*(\d{1,5}(?:[.,]\d{1,3})?)\s*(m|min|mins|minutes|h|hours?)?\.?\Z", re.IGNORECASE)
_TRUTHS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False, "none": False}


@dataclass(slots=True)
class PlanDraft:
    """One task as it was read."""

    title: str
    line: int
    number: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Where each field stands."""
    text: list[str] = field(default_factory=list)

    def put(self, name: str, values: list[str], line: int) -> None:
        """Add values to a field."""
        self.lines.setdefault(name, line)
        self.fields.setdefault(name, []).extend(value for value in values if value)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a text: a plan, or what keeps it from being one."""

    plan: Plan | None
    faults: tuple[PlanFault, ...] = ()


def values_in(name: str, text: str) -> list[str]:
    """Return the values of a field that stand on one line."""
    between = r"\s*;\s*" if name == "accept" else r"\s*[,;]\s*"
    pieces = re.split(between, text) if name in LISTS else [text]
    return [clean for piece in pieces if (clean := piece.strip().strip("`*").strip())]


def nearest_field(word: str, known: Mapping[str, str]) -> str:
    """Return the field that a word looks like, or empty text."""
    near = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.75)
    return near[0] if near else ""


def minutes_in(text: str) -> float | None:
    """Return how many minutes a text says, or None."""
    match = _MINUTES.match(text.strip())
    if match is None:
        return None
    value = float(match[1].replace(",", "."))
    return value * 60 if (match[2] or "").lower().startswith("h") else value


def planned(
    drafts: list[PlanDraft], settings: Mapping[str, tuple[str, int]], name: str, faults: list[PlanFault]
) -> Reading:
    """Make the plan, or say what keeps it from being one.

    Args:
        drafts: its tasks.
        settings: of the whole, each with the line it stands on.
        name: how it is called where its text does not say.
        faults: what is wrong already.
    """
    faults = list(faults)
    if not drafts and not faults:
        faults.append(PlanFault(0, "there is no task in it: write each as a heading, or as an item of a list"))
    if len(drafts) > MOST_TASKS:
        faults.append(PlanFault(drafts[MOST_TASKS].line, f"{len(drafts)} tasks are too many: {MOST_TASKS} at most"))
    chosen, wrong = _settings(settings)
    faults += wrong
    called, line = settings.get("name", (name, 0))
    called = called if "name" in settings else slug(called)
    if sentence := fault_of_name(called):
        faults.append(PlanFault(line, sentence if called else "it has no name: give it one with `name:`"))
    named = [Named(_task(draft, faults), draft.number) for draft in drafts]
    tasks, unfitting = joined(named)
    faults += unfitting
    if faults:
        return Reading(None, tuple(sorted(faults, key=lambda fault: fault.line)))
    return Reading(Plan(called, tasks, chosen))


def _task(draft: PlanDraft, faults: list[PlanFault]) -> PlanTask:
    given = draft.fields
    key = slug(given.get("id", [draft.title])[0])
    if not draft.title:
        faults.append(PlanFault(draft.line, "a task needs a title"))
    elif not key:
        faults.append(PlanFault(draft.line, f"{draft.title!r} has no letter to be named by: give it an `id:`"))
    for tag in filter(is_own, given.get("tags", ())):
        faults.append(PlanFault(draft.lines["tags"], f"the tag {tag[:40]!r} has a meaning of its own to plans"))
    minutes = 0.0
    if words := given.get("minutes"):
        read = minutes_in(words[0])
        if read is None:
            line = draft.lines["minutes"]
            faults.append(PlanFault(line, f"{words[0][:40]!r} is no number of minutes, such as `minutes: 15`"))
        minutes = read or 0.0
    return PlanTask(
        key,
        draft.title,
        draft.line,
        "\n".join(draft.text).strip(),
        tuple(given.get("after", ())),
        tuple(dict.fromkeys(given.get("tags", ()))),
        next(iter(given.get("role", ())), "").casefold(),
        tuple(dict.fromkeys(given.get("paths", ()))),
        tuple(dict.fromkeys(given.get("accept", ()))),
        minutes,
    )


def _settings(given: Mapping[str, tuple[str, int]]) -> tuple[PlanSettings, list[PlanFault]]:
    faults: list[PlanFault] = []

    def number(name: str, usual: int, least: int, most: int) -> int:
        text, line = given.get(name, (f"{usual}", 0))
        if text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most:
            return int(text)
        faults.append(PlanFault(line, f"`{name}: {text[:40]}`: give a number from {least} to {most}"))
        return usual

    text, line = given.get("review", ("yes", 0))
    review = _TRUTHS.get(text.casefold())
    if review is None:
        faults.append(PlanFault(line, f"`review: {text[:40]}`: say yes or no"))
    text, line = given.get("workers", (TEAR_DOWN, 0))
    policy = " ".join(text.casefold().split())
    if policy not in (KEEP, TEAR_DOWN):
        faults.append(PlanFault(line, f"`workers: {text[:40]}`: say {KEEP} or {TEAR_DOWN}, for when the plan is done"))
    at_once = number("at once", AT_ONCE, 1, MOST_AT_ONCE)
    vms = number("vms", 0, 0, MOST_VMS)
    return PlanSettings(at_once, vms, review is not False, policy == KEEP), faults
