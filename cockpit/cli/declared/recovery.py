"""The verbs about what there is to take up again."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, application, run
from cockpit.cli.texts import text_for_agents

Key = Annotated[str, typer.Argument(help="Its id, or a beginning of it; `cockpit questions` has them.")]

questions = typer.Typer(help="Questions and blockers of board and feed, until they are answered.")
application.add_typer(questions, name="questions")


@application.command()
def recover(as_json: Json = False) -> None:
    """Say what there is to take up again: running VMs, tasks whose assignee is gone, open questions and blockers.

    Ends with 1 if a task or a question waits for somebody.
    """
    from cockpit.cli import recovery

    run(lambda headless: recovery.recover(headless, as_json))


@questions.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the questions and blockers of board and feed that wait for an answer."""
    from cockpit.cli import recovery

    if context.invoked_subcommand is None:
        run(lambda headless: recovery.questions(headless, as_json))


@questions.command("answer")
def answer(
    key: Key,
    text: Annotated[str, typer.Argument(help="What to answer; - reads standard input.")],
    at_once: Annotated[
        bool, typer.Option("--steer", help="An agent at work reads it before its next step, not after its run.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Answer: as a note where it was asked, and as a message to the agent that asked."""
    from cockpit.cli import recovery

    said = text_for_agents(text)
    run(lambda headless: recovery.reply(headless, key, said, at_once=at_once, dry_run=dry_run, as_json=as_json))


@questions.command("settle")
def settle(
    key: Key,
    back: Annotated[bool, typer.Option("--back", help="Hear of it again; KEY is the `key` that --json told.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hear no more of it, without an answer."""
    from cockpit.cli import recovery

    run(lambda headless: recovery.settle(headless, key, back=back, dry_run=dry_run, as_json=as_json))
