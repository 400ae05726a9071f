"""A plan as data, such as TOML or JSON, for programs that write one: the same fields as in Markdown, in `tasks`."""

from __future__ import annotations

import tomllib
from typing import Any

from cockpit.model.plan.draft import FIELDS, LISTS, SETTINGS, PlanDraft, Reading, nearest_field, planned
from cockpit.model.plan.plan import PlanFault


def read_data(value: Any, name: str) -> Reading:
    """Read a plan from what JSON holds: an object with `tasks`, or the list of them alone."""
    return _plan({"tasks": value} if isinstance(value, list) else value, name)


def read_toml(text: str, name: str) -> Reading:
    """Read a plan: a table `[[tasks]]` for each task."""
    try:
        return _plan(tomllib.loads(text), name)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return Reading(None, (PlanFault(0, f"it is no TOML: {error}"),))


def _plan(value: Any, name: str) -> Reading:
    tasks = value.get("tasks") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(tasks, list):
        return Reading(None, (PlanFault(0, "there is no list `tasks` in it"),))
    faults: list[PlanFault] = []
    settings: dict[str, tuple[str, int]] = {}
    for key, said in value.items():
        word = key.replace("_", " ").casefold()
        if word in SETTINGS and isinstance(said, str | int | bool):
            settings[word] = (("yes" if said else "no") if isinstance(said, bool) else str(said), 0)
        elif word != "tasks":
            near = nearest_field(word, SETTINGS)
            faults.append(PlanFault(0, f"{key!r} is no setting of a plan{f': is `{near}` meant?' if near else ''}"))
    drafts = [_draft(number, task, faults) for number, task in enumerate(tasks, 1)]
    return planned(drafts, settings, name, faults)


def _draft(number: int, task: Any, faults: list[PlanFault]) -> PlanDraft:
    if not isinstance(task, dict):
        faults.append(PlanFault(0, f"task {number} is no object"))
        return PlanDraft(f"task {number}", 0)
    title = task.get("title")
    draft = PlanDraft(" ".join(title.split()) if isinstance(title, str) else "", 0, f"{number}")
    if not draft.title:
        faults.append(PlanFault(0, f"task {number} has no title"))
        draft.title = f"task {number}"
    for key, said in task.items():
        name = FIELDS.get(key.replace("_", " ").casefold())
        values = said if isinstance(said, list) else [said]
        if key == "title":
            continue
        if key == "description" and isinstance(said, str):
            draft.text = said.splitlines()
        elif name is None:
            near = nearest_field(key, FIELDS)
            faults.append(PlanFault(0, f"task {number}: {key!r} is no field{f': is `{near}` meant?' if near else ''}"))
        elif not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values):
            faults.append(PlanFault(0, f"task {number}: `{key}` holds something else than texts"))
        elif name not in LISTS and len(values) != 1:
            faults.append(PlanFault(0, f"task {number}: `{key}` holds several"))
        else:
            draft.put(name, [str(one).strip() for one in values], 0)
    return draft
