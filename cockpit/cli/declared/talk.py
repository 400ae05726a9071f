"""The verbs that talk to an agent, and listen to it."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, Timeout, Yes, application, choice, run
from cockpit.cli.texts import text_for_agents


@application.command()
def send(
    name: Name,
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    mode: Annotated[str, typer.Option("--mode", help="prompt, steer or follow-up.")] = "prompt",
    wait: Annotated[str, typer.Option("--wait", help="accepted, consumed or done.")] = "accepted",
    checkpoint: Annotated[
        bool, typer.Option("--checkpoint", help="Take a commit first, to which `retry` goes back.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the agent first, if it is paused.")] = False,
    as_text: Annotated[
        bool, typer.Option("--as-text", help="Send a word behind / that the agent's own screen would carry out.")
    ] = False,
    image: Annotated[
        list[str] | None,
        typer.Option("--image", help="An image that goes along: a path here, or vm:PATH; again for more."),
    ] = None,
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Send a text; with --wait done the answer is printed. /compact, /new and their like are carried out."""
    from cockpit.cli import agent, slash

    how = choice("--mode", mode, agent.MODES)
    until = choice("--wait", wait, agent.STAGES)
    said = text_for_agents(text)
    run(
        lambda headless: slash.send(
            headless,
            name,
            said,
            how,
            until,
            timeout,
            checkpoint=checkpoint,
            resume=resume,
            as_text=as_text,
            as_json=as_json,
            images=tuple(map(agent.image_name, image or ())),
        )
    )


@application.command()
def retry(
    name: Name,
    text: Annotated[str, typer.Argument(help="What to say instead; - reads standard input.")],
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Go back to the commit before the last text with --checkpoint, and say something else there.

    What the agent has become since is destroyed; `undo` brings it back.
    """
    from cockpit.cli import undoing

    said = text_for_agents(text)
    run(lambda headless: undoing.retry(headless, name, said, yes=yes, dry_run=dry_run, as_json=as_json))


@application.command()
def checkpoints(
    name: Annotated[str, typer.Argument(help="An agent, or a commit; without it, all.")] = "", as_json: Json = False
) -> None:
    """List the commits that stay of agents, each below the one it came from, with what was said next."""
    from cockpit.cli import undoing

    run(lambda headless: undoing.checkpoints(headless, name, as_json))


@application.command()
def tail(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Agents, by name or id.")],
    as_json: Annotated[bool, typer.Option("--json", help="One object per event.")] = False,
    from_line: Annotated[int, typer.Option("--from-line", help="The first line to print, of one agent.", min=1)] = 1,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on as lines arrive.")] = True,
    raw: Annotated[bool, typer.Option("--raw", help="One agent's bytes as they are, for another program.")] = False,
    since: Annotated[
        str, typer.Option("--since", help="From so long ago on (90s, 1h30m), or from a time (14:05, 2026-11-29T14:05).")
    ] = "",
    grep: Annotated[str, typer.Option("--grep", help="Only lines that fit a regular expression.")] = "",
) -> None:
    """Print the output of agents from their VMs, line by line; resumes after any drop.

    Of several the lines come in the order of time, each behind the name of its agent. A line tells no time itself:
    between two messages, which do, it counts as of then.
    """
    if raw and as_json:
        raise typer.BadParameter("--raw and --json exclude each other")
    merged = len(names) > 1 or bool(since or grep)
    if merged and (raw or from_line > 1):
        raise typer.BadParameter("--raw and --from-line are for one agent, without --since and --grep")
    if merged:
        from cockpit.cli import expression, tailing

        wanted = expression.Expression(grep) if grep else None
        run(lambda headless: tailing.tail(headless, names, as_json, since, wanted, follow))
        return
    from cockpit.cli import agent

    run(lambda headless: agent.tail(headless, names[0], as_json, from_line, follow, raw))


@application.command()
def read(
    name: Name,
    last: Annotated[
        int | None, typer.Option("--last", help="Answers at most; 1 if not given.", min=1, max=10_000)
    ] = None,
    lines: Annotated[
        int | None, typer.Option("--lines", help="Lines of its output at most, instead of answers.", min=1, max=100_000)
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what an agent answered last, or the last lines of its output."""
    if last is not None and lines is not None:
        raise typer.BadParameter("--last and --lines exclude each other")
    from cockpit.cli import reading

    run(lambda headless: reading.read(headless, name, last or 1, lines, as_json))


@application.command()
def written(
    name: Annotated[str, typer.Argument(help="An agent, by name or id; all without one.")] = "",
    find: Annotated[str, typer.Option("--find", help="Only texts that hold all of these words.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List the drafts, and what was sent from the screen, newest first; what looks like a secret is not kept."""
    from cockpit.cli import written as listing

    run(lambda headless: listing.written(headless, name, find, limit, as_json))


@application.command()
def wait(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Agents, by name or id.")],
    until: Annotated[str, typer.Option("--until", help="idle, working, asking, retrying, compacting, error, dead.")],
    timeout: Timeout = None,
    anyone: Annotated[bool, typer.Option("--any/--all", help="The first of several is enough.")] = False,
    as_json: Json = False,
) -> None:
    """Wait until an agent is in a state; of several, until all are, or any."""
    from cockpit.cli import waiting

    state = choice("--until", until, waiting.STATES)
    run(lambda headless: waiting.wait(headless, names, state, timeout, anyone, as_json))


@application.command()
def abort(name: Name, dry_run: DryRun = False, as_json: Json = False) -> None:
    """End an agent's current run."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.abort(headless, name, dry_run, as_json))


@application.command()
def answer(
    name: Name,
    value: Annotated[str, typer.Argument(help="The option or text; yes or no for a confirmation.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Close the question without an answer.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Refuse what it asks for, and tell it why.")] = "",
    as_json: Json = False,
) -> None:
    """Answer an agent's oldest open question."""
    from cockpit.cli import agent

    if reason and (value or cancel):
        raise typer.BadParameter("--reason refuses: it goes with no other answer")
    run(lambda headless: agent.answer(headless, name, value, cancel, reason, as_json))
