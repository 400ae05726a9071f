"""The verbs about many agents at once."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit import paths
from cockpit.cli.declared.application import DryRun, Filter, Json, Name, Yes, application, run
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import STOP_BOUND
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.model.workers import MOST

Names = Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Agents, by name or id.")]
Parent = Annotated[str, typer.Option("--parent", help="Only those that work for this agent.")]
Label = Annotated[str, typer.Option("--label", help="Only those with this label.")]
Everyone = Annotated[bool, typer.Option("--all", help="Every worker.")]


@application.command()
def teardown(
    names: Names = None,
    parent: Parent = "",
    label: Label = "",
    everyone: Everyone = False,
    wanted: Filter = "",
    undo: Annotated[bool, typer.Option("--undo", help="Keep a commit of each for a while.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Delete workers, and nobody but workers; what would be lost with each is said first."""
    from cockpit.cli import teardown as tearing
    from cockpit.cli.choosing import Chosen

    choice = Chosen(names or (), parent, label, everyone, wanted)
    run(lambda headless: tearing.teardown(headless, choice, undo=undo, yes=yes, dry_run=dry_run, as_json=as_json))


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


@application.command("fan-out")
def fan_out(
    command: Annotated[str, typer.Argument(help="A command of a shell; it runs in each workspace.")],
    names: Names = None,
    parent: Parent = "",
    label: Label = "",
    everyone: Everyone = False,
    wanted: Filter = "",
    count: Annotated[int, typer.Option("--count", help="Make so many workers for it.", min=0, max=MOST)] = 0,
    image: Annotated[
        str, typer.Option("--image", "--commit", help="With --count: the image they start from, by name or id.")
    ] = "",
    agent: Annotated[str, typer.Option("--agent", help="With --count: their kind, such as pi.")] = "",
    name: Annotated[str, typer.Option("--name", help="With --count: their name, which is numbered.")] = "fan",
    tear_down: Annotated[bool, typer.Option("--teardown", help="With --count: delete them afterwards.")] = False,
    limit: Annotated[float, typer.Option("--timeout", help="Seconds it may take on each.", min=0.1)] = 600.0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run one command on the VMs of many agents; the agents hear nothing of it."""
    from cockpit.cli import fan_out as fanning
    from cockpit.cli.choosing import Chosen

    if not count:
        chosen = Chosen(names or (), parent, label, everyone, wanted)
        run(lambda headless: fanning.on_agents(headless, chosen, command, limit, dry_run=dry_run, as_json=as_json))
    if names or parent or everyone or wanted:
        others = "names, --parent, --filter and --all"
        raise typer.BadParameter(f"--count makes new workers: {others} are of agents that exist")
    labels = (label,) if label else ()
    made = Spawn(name, AgentKind.WORKER, image=CommitId(image) if image else None, program=agent, labels=labels)
    how = fanning.OnNew(count, tear_down, dry_run, as_json)
    run(lambda headless: fanning.on_new_workers(headless, made, command, limit, how))


@application.command()
def collect(
    into: Annotated[str, typer.Option("--into", help="The directory they go into, one below it for each agent.")],
    names: Names = None,
    parent: Parent = "",
    label: Label = "",
    everyone: Everyone = False,
    wanted: Filter = "",
    file: Annotated[
        list[str] | None,
        typer.Option("--file", help="A path or pattern there, from the workspace on; may be repeated."),
    ] = None,
    answers: Annotated[bool, typer.Option("--answers/--no-answers", help="Their last answers, too.")] = True,
    as_json: Json = False,
) -> None:
    """Bring the last answers and files of several agents into one directory."""
    from cockpit.cli import collect as collecting
    from cockpit.cli.choosing import Chosen

    place = paths.absolute(into, "--into")
    choice = Chosen(names or (), parent, label, everyone, wanted)
    run(lambda headless: collecting.collect(headless, choice, place, file or (), answers, as_json))


@application.command("best-of")
def best_of(
    name: Name,
    count: Annotated[int, typer.Option("--count", help="How many copies.", min=1, max=MOST)] = 1,
    task: Annotated[str, typer.Option("--task", help="The text for all of them; - reads standard input.")] = "",
    tasks: Annotated[str, typer.Option("--tasks", help="A file with a text a line, one for each; - reads input.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Copy an agent with its conversation, and give each copy a text."""
    from cockpit.cli import best_of as copying
    from cockpit.cli.workers import tasks_given

    texts = tasks_given(task, tasks)
    run(lambda headless: copying.best_of(headless, name, count, texts, dry_run, as_json))


@application.command()
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="An agent that was copied, or the copies themselves.")
    ],
    keep: Annotated[str, typer.Option("--keep", help="Keep this one and tear the others down.")] = "",
    patches: Annotated[bool, typer.Option("--diff", help="Print the differences in full.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what copies of an agent came to: answers, differences, cost and time."""
    from cockpit.cli import best_of as copying

    run(
        lambda headless: copying.compare(
            headless, names, keep, patches=patches, yes=yes, dry_run=dry_run, as_json=as_json
        )
    )
