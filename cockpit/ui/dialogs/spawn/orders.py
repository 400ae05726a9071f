"""What a filled-in spawn means: the commands, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.model.size import VmSize, parse_size
from cockpit.model.workers import MOST, fault_of_tasks, spawn_each, tasks_in
from cockpit.ui.dialogs.form import Values, listed
from cockpit.ui.dialogs.spawn.fields import SIZE_FORM


def spawn_commands(values: Values, offered: VmSize | None, taken: Collection[str] = ()) -> list[Spawn]:
    """Build the commands of a checked form: several workers get numbered names, and each its task.

    Args:
        values: what was filled in.
        offered: the size that a fresh VM was offered; None where it has its image's.
        taken: names that somebody has.
    """
    kind = AgentKind(values["kind"])
    labels = listed(values["labels"])
    tasks = tasks_of(values)
    image = CommitId(values["image"]) if values["image"] else None
    parent = values["parent"] if kind is AgentKind.WORKER else ""
    size = None if image or offered is None else parse_size(values["size"])
    # What was neither changed now nor before is not written down as a choice.
    size = None if size == offered == VmSize() else size
    wanted = Spawn(
        values["name"],
        kind,
        values["role"],
        image,
        values["program"],
        labels,
        parent,
        values["model"],
        size=size,
        thinking=values["thinking"].strip(),
        permission_mode=values["permissions"].strip(),
        replaces_prompt=values["prompt"] == "replace",
        findable=values["findable"] == "yes",
        sync=values["sync"] == "yes",
        source=values.get("source", ""),
    )
    return list(spawn_each(wanted, number_of(values), tasks, taken))


def tasks_of(values: Values) -> tuple[str, ...]:
    """Return the tasks of a form: of workers a list, of others one text."""
    if values["kind"] == AgentKind.WORKER:
        return tasks_in(values["tasks"])
    return (values["tasks"].strip(),) if values["tasks"].strip() else ()


def number_of(values: Values) -> int:
    """Return how many agents a checked form makes: with one task for each, as many as there are tasks."""
    if values["kind"] != AgentKind.WORKER:
        return 1
    count = int(values["count"])
    return max(1, len(tasks_of(values))) if count == 1 else count


def fault_in(values: Values, engine: CockpitPort) -> str:
    """Say what is wrong with the values of a form, or return empty text."""
    if not values["name"]:
        return "an agent needs a name"
    if any(character.isspace() for character in values["model"]):
        return f"model: {values['model']!r} holds white space, and no model's name does"
    if values["kind"] == AgentKind.WORKER:
        number = values["count"]
        if not number.isdecimal() or not 1 <= int(number) <= MOST:
            return f"how many: a number from 1 to {MOST}"
    if fault := fault_of_tasks(number_of(values), tasks_of(values)):
        return fault
    if sized(values["image"], engine) and parse_size(values["size"]) is None:
        return f"size: write {SIZE_FORM}, such as {VmSize().text} or 4/8G/20G"
    for command in orders_of(values, engine):
        if reason := engine.disabled_reason(command):
            return reason
    return ""


def sized(image: str, engine: CockpitPort) -> bool:
    """Tell whether a VM has the size that is asked for: a fresh one has, one from an image has the image's."""
    return not image and engine.fleet.fresh_size is not None


def orders_of(values: Values, engine: CockpitPort) -> list[Spawn]:
    """Build the commands of a checked form, with names that nobody has."""
    taken = frozenset(agent.name for agent in engine.fleet.agents)
    return spawn_commands(values, engine.fleet.fresh_size, taken)
