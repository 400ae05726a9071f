"""The verbs about how an agent works, and about the conversation it is in."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, Timeout, application, choice, run
from cockpit.cli.texts import read_input

SWITCH = ("on", "off")


@application.command()
def model(
    name: Name,
    wanted: Annotated[str, typer.Argument(metavar="[MODEL]", help="provider/id, or what only one id holds.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List what it can use; MODEL narrows the list.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say which model answers, list those an agent can use, or set another one."""
    from cockpit.cli import tuning

    run(lambda headless: tuning.model(headless, name, wanted, listed, dry_run=dry_run, as_json=as_json))


@application.command()
def thinking(
    name: Name,
    level: Annotated[str, typer.Argument(metavar="[LEVEL]", help="One of those its model knows.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say how much an agent thinks and can think, or set it."""
    from cockpit.cli import tuning

    run(lambda headless: tuning.thinking(headless, name, level, dry_run=dry_run, as_json=as_json))


@application.command()
def permissions(
    name: Name,
    mode: Annotated[str, typer.Argument(metavar="[MODE]", help="One of those its kind has.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what an agent may do unasked, and the modes it has for that, or set one."""
    from cockpit.cli import tuning

    run(lambda headless: tuning.permissions(headless, name, mode, dry_run=dry_run, as_json=as_json))


@application.command()
def compact(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="What the summary is to keep; - reads input.")] = "",
    automatic: Annotated[str, typer.Option("--auto", help="on or off: by itself when its context fills.")] = "",
    timeout: Timeout = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a summary in the place of what an agent's conversation holds; it has to be at rest."""
    from cockpit.cli import tuning

    switched = choice("--auto", automatic, SWITCH) == "on" if automatic else None
    said = read_input() if text == "-" else text
    run(lambda headless: tuning.compact(headless, name, said, switched, timeout, dry_run=dry_run, as_json=as_json))


@application.command()
def session(
    name: Name,
    act: Annotated[
        str,
        typer.Argument(
            metavar="[ACT]",
            help="show, list, new [NAME], switch SESSION, name NAME, fork [ENTRY], clone, tree, messages or answer.",
        ),
    ] = "show",
    value: Annotated[str, typer.Argument(metavar="[WORD]", help="What the act needs.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """See, change and read the conversation an agent is in; `fork` without an entry lists where it can be forked."""
    from cockpit.cli import conversation

    wanted = choice("ACT", act, conversation.ACTS)
    if not value.strip() and wanted in conversation.NEEDS_VALUE:
        raise typer.BadParameter(f"{wanted} needs {conversation.NEEDS_VALUE[wanted]}")
    run(lambda headless: conversation.session(headless, name, wanted, value, dry_run=dry_run, as_json=as_json))


@application.command()
def modes(
    name: Name,
    steering: Annotated[str, typer.Option("--steering", help="all or one-at-a-time.")] = "",
    follow_up: Annotated[str, typer.Option("--follow-up", help="all or one-at-a-time.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say how an agent is set, or whether it takes waiting texts one at a time."""
    from cockpit.cli import tuning
    from cockpit.model.commands.conversation import QUEUE_MODES

    for option, mode in (("--steering", steering), ("--follow-up", follow_up)):
        if mode:
            choice(option, mode, QUEUE_MODES)
    run(lambda headless: tuning.modes(headless, name, steering, follow_up, dry_run=dry_run, as_json=as_json))


@application.command()
def retries(
    name: Name,
    what: Annotated[str, typer.Argument(metavar="on|off|abort", help="abort ends the present wait.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let an agent ask a failing model again by itself, or no more."""
    from cockpit.cli import tuning

    wanted = choice("it", what, (*SWITCH, "abort"))
    run(lambda headless: tuning.retries(headless, name, wanted, dry_run=dry_run, as_json=as_json))


@application.command()
def bash(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="[COMMAND]", help="A command of a shell; - reads input.")] = "",
    aside: Annotated[bool, typer.Option("--aside", help="Keep what it says out of the agent's context.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="End the command that runs.")] = False,
    timeout: Timeout = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have the agent's program run a command; the agent reads what it said with its next prompt.

    A command that fails ends this with 1, and its exit code is said.
    """
    if abort == bool(text):
        raise typer.BadParameter("give a command, or --abort")
    from cockpit.cli import tuning

    said = read_input() if text == "-" else text
    run(
        lambda headless: tuning.bash(
            headless, name, said, aside=aside, abort=abort, timeout=timeout, dry_run=dry_run, as_json=as_json
        )
    )


@application.command()
def stats(name: Name, as_json: Json = False) -> None:
    """Print what an agent's conversation has cost so far: messages, tokens, money, context."""
    from cockpit.cli import tuning

    run(lambda headless: tuning.statistics(headless, name, as_json))


@application.command(name="commands")
def slash_commands(name: Name, as_json: Json = False) -> None:
    """List the words behind / that an agent understands: commands, templates, skills."""
    from cockpit.cli import tuning

    run(lambda headless: tuning.slash_commands(headless, name, as_json))


@application.command()
def export(
    name: Name,
    to: Annotated[str, typer.Option("--to", help="The file here; without it, it stays where the agent lives.")] = "",
    form: Annotated[str, typer.Option("--format", help="html, markdown or jsonl.")] = "html",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring an agent's conversation into a file: a page, a document, or the lines the agent keeps."""
    from cockpit.cli import conversation
    from cockpit.paths import absolute

    wanted = choice("--format", form, conversation.FORMS)
    where = absolute(to, "--to") if to else None
    run(lambda headless: conversation.export(headless, name, where, wanted, dry_run=dry_run, as_json=as_json))
