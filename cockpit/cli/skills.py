"""The work of `skills`: what the SkillHub has and who has it, publishing, switching, syncing, watching."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, operation_of
from cockpit.cli.headless import Headless, nearest, only
from cockpit.cli.output import print_json, print_table
from cockpit.cli.rehearsal import rehearse
from cockpit.cli.shared import clock_text, order, with_services
from cockpit.errors import NotFound, UsageError
from cockpit.model.commands.shared import EnableItem, PublishItem, RemoveItem, SyncItems
from cockpit.model.shared.skills import SharedItem, SharedKind, Shelf, SkillChange
from cockpit.text.sanitize import clean_text, our_line, our_text
from cockpit.text.streams import flush_output, say, warn


def item_object(item: SharedItem, shelf: Shelf) -> dict[str, Any]:
    """Return an item for JSON, with the agents that have it."""
    return {
        "kind": item.kind.value,
        "name": item.name,
        "version": item.version,
        "enabled": item.enabled,
        "description": item.description,
        "tags": list(item.tags),
        "published_by": item.published_by,
        "updated_at": item.updated_at or None,
        "agents": {agent.agent: held for agent in shelf.agents if (held := agent.has(item))},
    }


def holders(item: SharedItem, shelf: Shelf) -> str:
    """Say which agents have an item, with the version where it is not the newest."""
    held = [(agent.agent, agent.has(item)) for agent in shelf.agents]
    return " ".join(name if version == item.version else f"{name}(v{version})" for name, version in held if version)


async def list_skills(headless: Headless, source: str, as_json: bool) -> int:
    """Print what the SkillHub has."""
    async with with_services(headless, source) as (engine, place):
        shelf = await engine.coordination.skills.look(place)
    if as_json:
        print_json([item_object(item, shelf) for item in shelf.items])
    else:
        rows = [
            (
                item.name,
                item.kind.value,
                f"{item.version}",
                "on" if item.enabled else "off",
                holders(item, shelf) or "-",
                item.description,
            )
            for item in shelf.items
        ]
        print_table(("NAME", "KIND", "VERSION", "IS", "AGENTS", "DESCRIPTION"), rows)
    for sentence in shelf.missing:
        warn(our_text("cockpit: {}", sentence))
    return ExitCode.PARTIAL if shelf.missing and shelf.items else ExitCode.DONE


def named(shelf: Shelf, name: str, kind: SharedKind | None) -> SharedItem:
    """Return the item of a name.

    Raises:
        NotFound: there is none.
        UsageError: a skill and an extension have it.
    """
    found = shelf.named(name, kind)
    if not found:
        raise NotFound(f"the SkillHub has no {name}", hint=nearest(name, [item.name for item in shelf.items]))
    if len(found) > 1:
        raise UsageError(f"a skill and an extension are called {name}", hint="say --extension or --skill")
    return found[0]


async def show(headless: Headless, name: str, kind: SharedKind | None, source: str, as_json: bool) -> int:
    """Print an item with its content."""
    async with with_services(headless, source) as (engine, place):
        shelf = await engine.coordination.skills.look(place)
    item = named(shelf, name, kind)
    if as_json:
        print_json({**item_object(item, shelf), "content": item.content})
    else:
        is_on = "enabled" if item.enabled else "disabled"
        say(our_line("{} {} v{}, {}, by {}", item.kind.value, item.name, item.version, is_on, item.published_by))
        say(our_line("{}", item.description))
        say(our_line("had by: {}", holders(item, shelf) or "no agent that asked"))
        for line in ("", *clean_text(item.content).split("\n")):
            say(our_line("{}", line))
    return ExitCode.DONE


async def switch(
    headless: Headless,
    name: str,
    kind: SharedKind | None,
    source: str,
    *,
    enabled: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Enable or disable an item."""
    async with with_services(headless, source) as (engine, place):
        item = named(await engine.coordination.skills.look(place), name, kind)
        what = our_line("{} {} {}", "enable" if enabled else "disable", item.kind.value, item.name)
        said = {"kind": item.kind.value, "name": item.name, "enabled": enabled}
        command = EnableItem(item, enabled, place)
        return await order(engine, command, what, dry_run=dry_run, as_json=as_json, said=said)


async def remove(
    headless: Headless, name: str, kind: SharedKind | None, source: str, *, dry_run: bool, as_json: bool
) -> int:
    """Take an item out of the SkillHub."""
    async with with_services(headless, source) as (engine, place):
        item = named(await engine.coordination.skills.look(place), name, kind)
        what = our_line("remove {} {} (version {})", item.kind.value, item.name, item.version)
        said = {"kind": item.kind.value, "name": item.name, "removed": True}
        command = RemoveItem(item.kind, item.name, place)
        return await order(engine, command, what, dry_run=dry_run, as_json=as_json, said=said)


async def publish(headless: Headless, paths: Sequence[str], source: str, *, dry_run: bool, as_json: bool) -> int:
    """Publish what is found at paths; everything is read before the first of it goes."""
    async with with_services(headless, source) as (engine, place):
        found: list[PublishItem] = []
        for path in paths:
            found += await engine.coordination.skills.found_at(path, place)
        for item in found:
            if refused := engine.disabled_reason(item):
                raise UsageError(f"cannot publish {item.name}: {refused}")
        if dry_run:
            said = [{"kind": item.kind.value, "name": item.name, "description": item.description} for item in found]
            names = ", ".join(f"{item.kind.value} {item.name}" for item in found)
            return rehearse(engine, found[0], our_line("publish {}", names), as_json, {"items": said})
        published: list[dict[str, Any]] = []
        for item in found:
            operation = operation_of(engine, await carry_out(engine, item))
            version = operation.steps[-1].detail if operation is not None else ""
            published.append({"kind": item.kind.value, "name": item.name, "version": version.rpartition(" ")[2]})
    if as_json:
        print_json(published)
    else:
        for one in published:
            say(our_line("{} {} v{}", one["kind"], one["name"], one["version"]))
    return ExitCode.DONE


async def sync(headless: Headless, agent: str, dry_run: bool, as_json: bool) -> int:
    """Write what is enabled onto an agent's VM."""
    async with headless.engine(only(agent)) as engine:
        known = engine.agent_named(agent)
        command = SyncItems(known.id)
        what = our_line("write what the SkillHub has enabled to where {} lives", known.name)
        said: dict[str, Any] = {"agent": known.name, "vm_id": known.vm_id}
        if dry_run:
            return rehearse(engine, command, what, as_json, said)
        operation = operation_of(engine, await carry_out(engine, command))
        steps = {step.name: step.detail for step in operation.steps} if operation is not None else {}
        if as_json:
            print_json({**said, "steps": steps})
        else:
            say(our_line("{}: {}", known.name, steps.get("write", "")))
    return ExitCode.DONE


async def watch(headless: Headless, count: int, source: str, as_json: bool) -> int:
    """Print changes as they happen, until so many were, or for ever."""
    async with with_services(headless, source) as (engine, place):

        def heard(up: bool, why: str) -> None:
            if not up:
                warn(our_text("cockpit: the stream is lost and opened again: {}", why))

        seen = 0
        async for change in engine.coordination.skills.watch(place, heard=heard):
            await asyncio.to_thread(_print_change, change, as_json)
            seen += 1
            if seen == count:
                break
    return ExitCode.DONE


def _print_change(change: SkillChange, as_json: bool) -> None:
    if as_json:
        said = {"kind": change.kind, "name": change.name, "version": change.version, "action": change.action}
        print_json({**said, "at": change.at or None})
    else:
        words = (clock_text(change.at), change.action, change.kind, change.name, change.version)
        say(our_line("{}  {} {} {} v{}", *words))
    flush_output()
