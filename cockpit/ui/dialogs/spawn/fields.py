"""The fields of a spawn: what can be chosen now, and what was chosen last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import AgentKind
from cockpit.model.size import VmSize
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.form import Field, Values
from cockpit.ui.widgets.choice_field import Choice

SIZE_FORM = ours("processors/MiB of memory/MiB of disk")


CUSTOMARY = {
    AgentKind.LIEUTENANT: ours("lt-DOMAIN, such as lt-api"),
    AgentKind.WORKER: ours("worker-LABEL, such as worker-docs"),
}
"""How agents are called by custom, so that others who coordinate the same swarm know what each is."""


ADVICE = {
    AgentKind.LIEUTENANT: ours("keeps its context over many tasks, so give it a domain of its own"),
    AgentKind.WORKER: ours("does one task and is gone: one for each piece of work, side by side"),
}
"""When such an agent serves."""

FORM = "spawn"
"""The form whose last values the notebook keeps."""

REMEMBERED = (
    *("kind", "prompt", "parent", "labels", "image", "program", "model", "thinking", "permissions"),
    *("sync", "findable"),
)
"""What is wanted of the next agent as it was of the last one; the size is kept with the fleet."""


def spawn_fields(engine: CockpitPort, source: str = "") -> tuple[Field, ...]:
    """Return the fields of the form for what the engine can start now, with the values that were chosen last.

    Args:
        engine: the engine.
        source: the one that is offered first, where there are several.
    """
    last = engine.notebook.last_values(FORM)
    return tuple(_as_before(field, last) for field in _fields(engine, source))


def _as_before(field: Field, last: Values) -> Field:
    """Return a field with its last value, if that can still be chosen."""
    value = last.get(field.name)
    if field.name not in REMEMBERED or value is None:
        return field
    if field.kind == "choice" and not any(one.value == value and not one.reason for one in field.choices):
        return field
    return replace(field, value=value)


def with_values(fields: Sequence[Field], written: Values) -> tuple[Field, ...]:
    """Return fields with what is filled in already."""
    return tuple(replace(field, value=written.get(field.name, field.value)) for field in fields)


def values_in(fields: Sequence[Field]) -> dict[str, str]:
    """Return what an untouched form holds."""
    return {
        field.name: field.value
        if field.kind != "choice" or any(one.value == field.value for one in field.choices)
        else field.choices[0].value
        for field in fields
    }


def _fields(engine: CockpitPort, source: str) -> tuple[Field, ...]:
    sources = engine.fleet.sources if len(engine.fleet.sources) > 1 else ()
    where = source if source in sources else next(iter(sources), "")
    others = [name for name in sources if name != where]
    leaders = [agent.name for agent in engine.fleet.agents if agent.kind is not AgentKind.WORKER]
    images = [
        Choice("", ours("fresh VM")),
        *(Choice(commit, clean_line(name or commit)) for commit, name in engine.images(where)),
        *(
            Choice(commit, our_line("{} ({})", name or commit, other))
            for other in others
            for commit, name in engine.images(other)
        ),
    ]
    programs = [Choice(name, clean_line(unasked or name), reason) for name, reason, unasked in engine.programs(where)]
    first_usable = next((choice.value for choice in programs if not choice.reason), "")
    return (
        Field(
            "kind",
            ours("kind"),
            "choice",
            choices=(Choice("lieutenant", ours("lieutenant")), Choice("worker", ours("worker"))),
        ),
        Field("name", ours("name"), placeholder=CUSTOMARY[AgentKind.LIEUTENANT]),
        Field("role", ours("role"), placeholder=ours("what it is for, in your words")),
        Field(
            "prompt",
            ours("its role"),
            "choice",
            choices=(
                Choice("", ours("is added to the agent's own system prompt")),
                Choice("replace", ours("stands in place of the agent's own system prompt")),
            ),
        ),
        Field(
            "parent",
            ours("works for"),
            "choice",
            choices=(Choice("", ours("nobody")), *(Choice(name, clean_line(name)) for name in leaders)),
        ),
        *(
            (Field("source", ours("where"), "choice", where, choices=tuple(map(_named, (where, *others)))),)
            if sources
            else ()
        ),
        Field("count", ours("how many"), value="1", placeholder=ours("1")),
        Field("labels", ours("labels"), placeholder=ours("comma-separated")),
        Field("image", ours("image"), "choice", choices=tuple(images)),
        Field("size", ours("size"), value=(engine.fleet.fresh_size or VmSize()).text, placeholder=SIZE_FORM),
        Field("program", ours("program"), "choice", first_usable, choices=tuple(programs)),
        Field("model", ours("model"), placeholder=ours("the agent's default")),
        Field("thinking", ours("thinking"), placeholder=ours("the agent's default")),
        Field("permissions", ours("unasked"), placeholder=ours("what Claude Code may do: plan, acceptEdits …")),
        Field(
            "sync",
            ours("take along"),
            "choice",
            choices=(Choice("", ours("nothing of mine")), Choice("yes", ours("my skills, settings and packages"))),
        ),
        Field(
            "findable",
            ours("found by"),
            "choice",
            choices=(
                Choice("", ours("this cockpit alone")),
                Choice("yes", ours("other tools too: they stop what they found when they end")),
            ),
        ),
        Field("tasks", ours("task"), "area", placeholder=ours("first prompt; workers: one for all, or one a line")),
    )


def _named(source: str) -> Choice:
    return Choice(source, clean_line(source))
