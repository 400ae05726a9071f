"""The verbs about VMs."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, Name, Yes, application, run


@application.command()
def pause(
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Freeze it also while it works.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="End its run first, and freeze it then.")] = False,
) -> None:
    """Freeze an agent's VM; refused while the agent works (exit 1), unless --abort or --now is given."""
    if now and abort:
        raise typer.BadParameter("--now and --abort exclude each other")
    from cockpit.cli import fleet

    run(lambda headless: fleet.pause(headless, name, now=now, abort=abort))


@application.command()
def resume(name: Name) -> None:
    """Continue an agent's VM."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.resume(headless, name))


@application.command()
def commit(
    name: Name, label: Annotated[str, typer.Option("--name", help="The commit's name.")] = "", as_json: Json = False
) -> None:
    """Take a snapshot of an agent's VM."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.commit(headless, name, label, as_json))


@application.command()
def branch(
    name: Name, count: Annotated[int, typer.Option("--count", min=1, max=20)] = 1, as_json: Json = False
) -> None:
    """Copy an agent's VM and start the copies."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.branch(headless, name, count, as_json))


@application.command("trust-host-key")
def trust_host_key(name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Trust the host key that a VM shows now in place of the one trusted so far."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.trust_host_key(headless, name, yes, as_json))
