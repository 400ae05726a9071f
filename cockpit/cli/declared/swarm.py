"""The verbs about many agents at once."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, application, run
from cockpit.model.commands import STOP_BOUND

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say whom it would be about, and do nothing.")]


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
