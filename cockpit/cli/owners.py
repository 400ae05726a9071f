"""`cockpit serve --owner`: who shares the embedded fleet; made, given another token, or removed with what is his."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.cli.output import print_json
from cockpit.cli.rehearsal import would
from cockpit.embedded.access.owned import listed, remove
from cockpit.embedded.endpoint import read_token
from cockpit.embedded.lifecycle import ensure_started
from cockpit.embedded.owners import change_token, demand_owner, ensure_owner, token_file
from cockpit.errors import UsageError
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import ask, input_is_terminal, say, warn


@dataclass(frozen=True, slots=True)
class Removal:
    """How an owner is removed."""

    with_vms: bool
    """End his VMs, too."""
    yes: bool
    """Do not ask."""
    dry_run: bool
    """Say what would be done, and do nothing."""


def make_owner(place: Path, name: str, *, as_json: bool) -> int:
    """See that the fleet has an owner of that name, and print the path of its token's file.

    Raises:
        ConfigError: no owner can have that name, or the token cannot be kept.
    """
    ensure_started(place)
    _tell_token(name, token_file(ensure_owner(place, name)), as_json=as_json)
    return 0


def rotate_token(place: Path, name: str, *, dry_run: bool, as_json: bool) -> int:
    """Give an owner another token; the one he had, and the keys of his VMs that were made of it, open nothing more.

    Raises:
        ConfigError: no owner can have that name, or the token cannot be kept.
        NotFound: there is no such owner.
        CockpitError: the server does not take the new one.
    """
    demand_owner(place, name)
    if dry_run:
        what = our_line("give {} another token; agents on his VMs have no board until they are relaunched", name)
        return would(what, as_json, {"owner": name})
    base = ensure_started(place).base_url
    file = change_token(place, name)
    asyncio.run(listed(base, read_token(file.parent), name))
    _tell_token(name, file, as_json=as_json)
    warn(ours("the former token opens nothing now; agents on his VMs have no board until they are relaunched"))
    return 0


def remove_owner(place: Path, name: str, how: Removal, *, as_json: bool) -> int:
    """Remove an owner with his commits, names, board and feed; with his VMs only where that was said.

    Raises:
        UsageError: he has VMs, or nobody can be asked.
        NotFound: there is no such owner.
        CockpitError: the server would not do some of it; he is an owner still.
    """
    directory = demand_owner(place, name)
    base = ensure_started(place).base_url
    vms, commits = asyncio.run(listed(base, read_token(directory), name))
    for vm in vms:
        warn(our_line("  VM {}", vm))
    what = f"the owner {name}: {len(vms)} VMs, {len(commits)} commits, its names, board and feed"
    if vms and not how.with_vms:
        raise UsageError(f"{name} has {len(vms)} VMs", hint="delete them first, or add --with-vms to end them too")
    told: dict[str, Any] = {"owner": name, "vms": vms, "commits": commits}
    if how.dry_run:
        return would(our_line("remove {}", what), as_json, told)
    if not how.yes and not input_is_terminal():
        raise UsageError(f"this would remove {what}", hint="add --yes to do it without a terminal")
    if not how.yes:
        warn(our_text("This removes {}. Nothing of it comes back.", what))
        if ask(ours("Type remove to go on: ")) != "remove":
            return 1
    asyncio.run(remove(base, directory, name, vms, commits))
    warn(our_line("removed {}", what))
    if as_json:
        print_json({"removed": True, **told})
    return 0


def _tell_token(name: str, file: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"owner": name, "token_file": str(file)})
    else:
        say(our_line("{}", str(file)))
