"""The verbs about what agents and machines cost."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, application, choice, run
from cockpit.model.usage.sums import By

Since = Annotated[str, typer.Option("--since", help="A span such as 90m, 1h30m, 7d, or a time; a week unless said.")]


@application.command()
def usage(
    by: Annotated[str, typer.Argument(help="agent, family, task, model or day.")] = By.AGENT.value,
    since: Since = "",
    as_json: Json = False,
) -> None:
    """Say what was spent: tokens and cost, the rate, the day's end at it, and hours of VMs and disks."""
    from cockpit.cli import usage as counting

    wanted = choice("usage", by, By)
    run(lambda headless: counting.usage(headless, wanted, since, as_json))
