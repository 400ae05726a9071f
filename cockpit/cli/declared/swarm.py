"""The verbs about many agents at once."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Yes, application, run
from cockpit.model.commands import STOP_BOUND

Names = Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Agents, by name or VM id.")]
Parent = Annotated[str, typer.Option("--parent", help="Only those that work for this agent.")]
Label = Annotated[str, typer.Option("--label", help="Only those with this label.")]
Everyone = Annotated[bool, typer.Option("--all", help="Every worker.")]


@application.command()
def teardown(
    names: Names = None,
    parent: Parent = "",
    label: Label = "",
    everyone: Everyone = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Delete workers, and nobody but workers; what would be lost with each is said first."""
    from cockpit.cli import teardown as tearing

    run(
        lambda headless: tearing.teardown(
            headless, names or (), parent, label, everyone, yes=yes, dry_run=dry_run, as_json=as_json
        )
    )


@application.command("stop-all")
def stop_all(
    bound: Annotated[
        float, typer.Option("--bound", help="Seconds an agent gets to prove that it stopped.", min=0.5, max=600)
    ] = STOP_BOUND,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End every run now, without a question; who does not prove it in time is frozen."""
    from cockpit.cli import standstill

    run(lambda headless: standstill.stop_all(headless, bound, dry_run, as_json))


@application.command("continue-all")
def continue_all(dry_run: DryRun = False, as_json: Json = False) -> None:
    """Continue the VMs that stop-all froze, and no others."""
    from cockpit.cli import standstill

    run(lambda headless: standstill.continue_all(headless, dry_run, as_json))
