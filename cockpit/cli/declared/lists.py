"""The verbs that list and search."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Filter, Json, Name, application, run


@application.command()
def vms(as_json: Json = False) -> None:
    """List the VMs."""
    from cockpit.cli import lists

    run(lambda headless: lists.vms(headless, as_json))


@application.command()
def agents(wanted: Filter = "", as_json: Json = False) -> None:
    """List the agents with power, link, process, activity and the evidence for them."""
    from cockpit.cli import lists

    run(lambda headless: lists.agents(headless, wanted, as_json))


@application.command()
def kinds(as_json: Json = False) -> None:
    """List the kinds of agent, with why one cannot be started, and which a spawn takes unasked."""
    from cockpit.cli import lists

    run(lambda headless: lists.kinds(headless, as_json))


@application.command()
def orphans(as_json: Json = False) -> None:
    """List the VMs that no agent has, with what a look at each found and what may be done."""
    from cockpit.cli import reconciliation

    run(lambda headless: reconciliation.orphans(headless, as_json))


@application.command()
def reconcile(
    check: Annotated[bool, typer.Option("--check", help="End with 1 if anything does not fit.")] = False,
    as_json: Json = False,
) -> None:
    """Hold VM list, registry, other tools' files, what is remembered and what runs against each other; change nothing.

    Each row says what does not fit, with the evidence and a verb that may mend it.
    """
    from cockpit.cli import reconciliation

    run(lambda headless: reconciliation.reconcile(headless, check, as_json))


@application.command()
def why(name: Name, as_json: Json = False) -> None:
    """Say why an agent is shown as it is, with the last lines of its standard error."""
    from cockpit.cli import lists

    run(lambda headless: lists.why(headless, name, as_json))


@application.command()
def search(
    text: Annotated[str, typer.Argument(help="Words to look for; the last one may be a beginning.")],
    agent: Annotated[str, typer.Option("--agent", help="Only this agent's transcript.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="Hits at most.", min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """Search everything agents said and did, also those that are gone."""
    from cockpit.cli import lists

    run(lambda headless: lists.search(headless, text, agent, limit, as_json))
