"""The verbs about the board's tasks."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, application, run

board = typer.Typer(help="The board: without a word behind it, its tasks.", rich_markup_mode=None)
application.add_typer(board, name="board")

Task = Annotated[str, typer.Argument(help="The task's id, or its beginning where that is enough.")]


@board.callback(invoke_without_command=True)
def list_tasks(context: typer.Context, as_json: Json = False) -> None:
    """List the board's tasks."""
    from cockpit.cli import lists

    if context.invoked_subcommand is None:
        run(lambda headless: lists.board(headless, as_json))


@board.command("hand-over")
def hand_over(task: Task, agent: Name, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Give an agent a task to work on: it gets the prompt, and has the task once it has accepted that."""
    from cockpit.cli import board as work

    run(lambda headless: work.hand_over(headless, task, agent, dry_run=dry_run, as_json=as_json))
