"""The work of `registry`: who says that it is alive and since when, discovering by role, entering and taking out."""

from __future__ import annotations

from typing import Any

from cockpit.cli.headless import Headless
from cockpit.cli.shared import order, print_listed, with_services
from cockpit.errors import UsageError
from cockpit.model.ages import age_text
from cockpit.model.commands.shared import RegisterEntry, RemoveEntry
from cockpit.model.shared.listed import Listed
from cockpit.model.shared.registered import ROLES, Registered
from cockpit.text.sanitize import our_line


async def registry(headless: Headless, role: str, source: str, as_json: bool) -> int:
    """Print the registry, what is silent too."""
    async with with_services(headless, source) as (engine, place):
        return _print(await engine.coordination.registry.look(place, role=role), as_json)


async def discover(headless: Headless, role: str, source: str, as_json: bool) -> int:
    """Print who of a role runs and gave a sign of life."""
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}", hint=f"known: {', '.join(ROLES)}")
    async with with_services(headless, source) as (engine, place):
        return _print(await engine.coordination.registry.discover(role, place), as_json)


def _print(listed: Listed[Registered], as_json: bool) -> int:
    head = ("ID", "NAME", "ROLE", "IS", "SAYS", "BEAT", "PARENT", "ADDRESS")
    return print_listed(listed, as_json, registered_object, head, _row)


def _row(entry: Registered) -> tuple[str, ...]:
    beat = (
        "never"
        if entry.age is None
        else f"{age_text(entry.age)}{' stale' if entry.stale else ' by us' if entry.lent else ''}"
    )
    parent = entry.parent or entry.parent_id or "-"
    return (entry.id, entry.name, entry.role, entry.life.value, entry.status, beat, parent, entry.address)


def registered_object(entry: Registered) -> dict[str, Any]:
    """Return an entry for JSON."""
    return {
        "id": entry.id,
        "name": entry.name,
        "role": entry.role,
        "status": entry.status,
        "life": entry.life.value,
        "beat_age": entry.age,
        "stale": entry.stale,
        "beats_end_with_cockpit": entry.lent,
        "address": entry.address,
        "parent": entry.parent or None,
        "parent_id": entry.parent_id or None,
        "registered_by": entry.registered_by,
        "registered_at": entry.registered_at or None,
        "services": [{"name": name, "port": port} for name, port in entry.services],
    }


async def register(headless: Headless, command: RegisterEntry, *, dry_run: bool, as_json: bool) -> int:
    """Enter something into the registry, or bring its entry up to date."""
    async with with_services(headless, command.source) as (engine, place):
        wanted = RegisterEntry(
            command.id, command.name, command.role, command.address, command.status, command.services, place
        )
        what = our_line("register {} as {} {} at {}", command.id, command.role, command.name, command.address)
        said: dict[str, Any] = {"id": command.id, "name": command.name, "role": command.role}
        return await order(engine, wanted, what, dry_run=dry_run, as_json=as_json, said=said)


async def remove(headless: Headless, entry: str, source: str, *, dry_run: bool, as_json: bool) -> int:
    """Take an entry out of the registry."""
    async with with_services(headless, source) as (engine, place):
        what = our_line("take {} out of the registry; what it is about goes on", entry)
        said = {"id": entry, "removed": True}
        return await order(engine, RemoveEntry(entry, place), what, dry_run=dry_run, as_json=as_json, said=said)


def services_of(words: list[str]) -> tuple[tuple[str, int], ...]:
    """Return `NAME=PORT` words as what can be reached.

    Raises:
        UsageError: one of them is none.
    """
    found = []
    for word in words:
        name, _, port = word.partition("=")
        if not name or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise UsageError(f"{word!r} is no NAME=PORT", hint="write it as http=8080")
        found.append((name, int(port)))
    return tuple(found)
