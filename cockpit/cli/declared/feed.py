"""The verbs about the feed."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Source, application, choice, run
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.news.port import EVENT_KINDS

feed = typer.Typer(help="The feed: without a word behind it, its newest events.", rich_markup_mode=None)
application.add_typer(feed, name="feed")


@feed.callback(invoke_without_command=True)
def list_events(
    context: typer.Context,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Whose; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--type", help="Of which type; may be repeated.")] = None,
    words: Annotated[list[str] | None, typer.Option("--words", help="Text in it; may be repeated.")] = None,
    since: Annotated[str, typer.Option("--since", help="From when on: 90s, 1h30m, 14:05, 2026-11-29T14:05.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="The newest so many.", min=0, max=100_000)] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print also those that come.")] = False,
    as_json: Json = False,
) -> None:
    """Print the newest events, oldest first; reports of tokens and cost are summed up unless asked for by their type.

    With --follow, JSON is an object a line.
    """
    from cockpit.cli import news

    if context.invoked_subcommand is not None:
        return
    text = tuple(word.casefold() for word in words or ())
    wanted = news.EventFilter(tuple(agent or ()), tuple(kind or ()), text)
    run(lambda headless: news.feed(headless, wanted, since, limit, follow=follow, as_json=as_json))


@feed.command()
def publish(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(EVENT_KINDS)}.")],
    summary: Annotated[str, typer.Argument(help="What happened; - reads standard input.")],
    detail: Annotated[str, typer.Option("--detail", help="The rest; - reads standard input.")] = "",
    author: Annotated[str, typer.Option("--as", help="Whose event it is; the operator's unless said.")] = "",
    source: Source = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put an event on the feed, and print its id."""
    from cockpit.cli import news
    from cockpit.cli.texts import read_input

    of_type = choice("TYPE", kind, EVENT_KINDS)
    texts = [read_input() if text == "-" else text for text in (summary, detail)]
    command = PublishEvent(of_type, texts[0].rstrip("\n"), texts[1], author, source)
    run(lambda headless: news.publish(headless, command, dry_run, as_json))


@feed.command()
def stats(as_json: Json = False) -> None:
    """Print what the server counts: events by type and by agent, and the newest of each agent."""
    from cockpit.cli import news

    run(lambda headless: news.statistics(headless, as_json))
