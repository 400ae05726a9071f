"""The verbs about what was done: here, and by agents."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, application, run


@application.command()
def acts(
    words: Annotated[list[str] | None, typer.Argument(help="Words that must be in it.")] = None,
    since: Annotated[str, typer.Option("--since", help="From when on: 90s, 1h30m, 14:05, 2026-11-29T14:05.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="The newest so many.", min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """List what was done here, by you and by the cockpit itself, the oldest first; no fleet is asked."""
    from cockpit.cli import acted

    run(lambda headless: acted.acts(headless, " ".join(words or ()), since, limit, as_json=as_json))


@application.command()
def timeline(
    names: Annotated[list[str] | None, typer.Argument(help="Agents; everybody without any.")] = None,
    since: Annotated[str, typer.Option("--since", help="From when on: 90s, 1h30m, 14:05, 2026-11-29T14:05.")] = "24h",
    as_json: Json = False,
) -> None:
    """Say how long agents worked, and how long they waited for you; --json has every minute."""
    from cockpit.cli import timeline as work

    run(lambda headless: work.timeline(headless, tuple(names or ()), since, as_json=as_json))
