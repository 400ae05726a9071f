"""The verbs about the board."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, Yes, application, choice, run
from cockpit.model.board import ARTIFACT_KINDS, NOTE_KINDS, TASK_STATUSES
from cockpit.model.ids import TaskId

board = typer.Typer(help="The board: without a word behind it, its tasks.", rich_markup_mode=None)
application.add_typer(board, name="board")

Task = Annotated[str, typer.Argument(help="The task's id, the beginning of it, or its title.")]
Text = Annotated[str, typer.Argument(help="What is said; - reads standard input.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="May be repeated.")]
Needs = Annotated[list[str] | None, typer.Option("--needs", help="A task that it waits for; may be repeated.")]
Artifacts = Annotated[
    list[str] | None,
    typer.Option("--artifact", help=f"TYPE=LABEL=ADDRESS, of type {', '.join(ARTIFACT_KINDS)}; may be repeated."),
]


def _said(text: str) -> str:
    from cockpit.cli.texts import text_for_agents

    return text_for_agents(text)


@board.callback(invoke_without_command=True)
def list_tasks(
    context: typer.Context,
    tag: Tags = None,
    assignee: Annotated[list[str] | None, typer.Option("--assignee", help="Whose; `nobody` is a name here.")] = None,
    creator: Annotated[list[str] | None, typer.Option("--creator", help="By whom it was created.")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="In which column; may be repeated.")] = None,
    words: Annotated[list[str] | None, typer.Option("--words", help="Text in it; may be repeated.")] = None,
    line: Annotated[
        str, typer.Option("--filter", help="As it is typed on the board: `#tag @agent is:open -word`.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the board's tasks, and which of their rows say what is not so."""
    from cockpit.cli.board import looking
    from cockpit.model.tasks.filters import TaskFilter

    if context.invoked_subcommand is not None:
        return
    text = tuple(word.casefold() for word in words or ())
    names = (tuple(given or ()) for given in (tag, assignee, creator, status))
    tags, assignees, creators, statuses = names
    wanted = TaskFilter(text, tags, assignees, creators, statuses, line)
    run(lambda headless: looking.listed(headless, wanted, as_json))


@board.command()
def show(task: Task, as_json: Json = False) -> None:
    """Print all of a task: description, what it waits for, artifacts, notes."""
    from cockpit.cli.board import looking

    run(lambda headless: looking.show(headless, task, as_json))


@board.command()
def worked(task: Task, as_json: Json = False) -> None:
    """Print the `tail` that begins where the task's agent began to work on it."""
    from cockpit.cli.board import looking

    run(lambda headless: looking.worked_on(headless, task, as_json))


@board.command()
def new(
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    description: Annotated[str, typer.Option("--description", help="The rest; - reads standard input.")] = "",
    assignee: Annotated[str, typer.Option("--assignee", help="Who gets it.")] = "",
    tag: Tags = None,
    needs: Needs = None,
    status: Annotated[str, typer.Option("--status", help=f"One of {', '.join(TASK_STATUSES)}.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a task on the board, and print its id."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    needed = tuple(TaskId(name) for name in needs or ())
    command = orders.CreateTask(title, _said(description), assignee, tuple(tag or ()), status, dependencies=needed)
    run(lambda headless: acting.create(headless, command, acting.BoardManner(dry_run, as_json)))


@board.command()
def edit(
    task: Task,
    title: Annotated[str | None, typer.Option("--title")] = None,
    description: Annotated[str | None, typer.Option("--description", help="- reads standard input.")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Empty text takes it away.")] = None,
    tag: Tags = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", help="A tag to remove; may be repeated.")] = None,
    needs: Needs = None,
    needs_not: Annotated[list[str] | None, typer.Option("--needs-not", help="It waits for this one no more.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change a task: what the options say, without any of them all of it in $EDITOR.

    What others changed meanwhile is kept; who changed the same is shown, and then nothing is written.
    """
    from cockpit.cli.board import acting, editing

    lists = (tuple(given or ()) for given in (tag, untag, needs, needs_not))
    tags, untagged, needed, needed_not = lists
    said = _said(description) if description is not None else None
    edits = acting.Edits(title, said, assignee, tags, untagged, needed, needed_not)
    run(lambda headless: editing.edit(headless, task, edits, acting.BoardManner(dry_run, as_json)))


@board.command()
def move(
    task: Task,
    status: Annotated[str, typer.Argument(help=f"One of {', '.join(TASK_STATUSES)}.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change a task's column."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    column = choice("STATUS", status, TASK_STATUSES)
    manner = acting.BoardManner(dry_run, as_json)
    run(
        lambda headless: acting.act(
            headless, task, lambda one: orders.MoveTask(one.id, column, one.status), "move", manner
        )
    )


@board.command()
def assign(
    task: Task,
    assignee: Annotated[str, typer.Argument(help="An agent or a person; without it, nobody.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write whose a task is; the agent is told nothing by that."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    manner = acting.BoardManner(dry_run, as_json)
    run(
        lambda headless: acting.act(
            headless, task, lambda one: orders.AssignTask(one.id, assignee, one.assignee), "assign", manner
        )
    )


@board.command()
def bump(task: Task, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Raise a task's score by one: it stands higher in its column."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    manner = acting.BoardManner(dry_run, as_json)
    run(lambda headless: acting.act(headless, task, lambda one: orders.BumpTask(one.id), "bump", manner))


@board.command()
def note(
    task: Task,
    text: Text,
    kind: Annotated[str, typer.Option("--type", help=f"One of {', '.join(NOTE_KINDS)}.")] = "update",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Add a note to a task."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    said, of_type = _said(text), choice("--type", kind, NOTE_KINDS)
    manner = acting.BoardManner(dry_run, as_json)
    run(
        lambda headless: acting.act(
            headless, task, lambda one: orders.NoteTask(one.id, said, of_type), "add a note to", manner
        )
    )


@board.command()
def submit(
    task: Task, summary: Text, artifact: Artifacts = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Hand a task in for review, with a summary and what it produced."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    said, produced = _said(summary), acting.artifacts_of(artifact or ())
    manner = acting.BoardManner(dry_run, as_json)
    run(
        lambda headless: acting.act(
            headless, task, lambda one: orders.SubmitTask(one.id, said, produced), "submit", manner
        )
    )


@board.command()
def approve(
    task: Task,
    comment: Annotated[str, typer.Argument(help="What is said; - reads standard input.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Accept a task: it is done."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    said = _said(comment)
    manner = acting.BoardManner(dry_run, as_json)
    run(lambda headless: acting.act(headless, task, lambda one: orders.ApproveTask(one.id, said), "approve", manner))


@board.command()
def reject(task: Task, reason: Text, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Hand a task back with a reason: it is open again."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    said = _said(reason)
    manner = acting.BoardManner(dry_run, as_json)
    run(lambda headless: acting.act(headless, task, lambda one: orders.RejectTask(one.id, said), "reject", manner))


@board.command()
def artifact(
    task: Task,
    artifacts: Annotated[list[str], typer.Argument(help="TYPE=LABEL=ADDRESS …")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Add what a task produced: a branch, a report, a file; `show` lists them."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    produced = acting.artifacts_of(artifacts)
    manner = acting.BoardManner(dry_run, as_json)
    run(
        lambda headless: acting.act(
            headless, task, lambda one: orders.AddArtifacts(one.id, produced), "add artifacts to", manner
        )
    )


@board.command()
def delete(task: Task, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take a task off the board, with its notes; asks first."""
    from cockpit.cli.board import acting
    from cockpit.model.commands import board as orders

    manner = acting.BoardManner(dry_run, as_json, yes)
    run(lambda headless: acting.act(headless, task, lambda one: orders.DeleteTask(one.id), "delete", manner))


@board.command("hand-over")
def hand_over(task: Task, agent: Name, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Give an agent a task to work on: it gets the prompt, and has the task once it has accepted that."""
    from cockpit.cli.board import handing_over

    run(lambda headless: handing_over.hand_over(headless, task, agent, dry_run=dry_run, as_json=as_json))
