"""The verbs that begin and end agents."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from cockpit.cli.declared.application import (
    Architect,
    Disk,
    DryRun,
    Json,
    Memory,
    Name,
    Role,
    Source,
    Vcpu,
    Worker,
    Yes,
    application,
    kind_of,
    run,
    size_of,
)
from cockpit.model.architect import WORKERS
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.model.workers import MOST


@application.command()
def spawn(
    name: Annotated[str, typer.Argument(help="The new agent's name.")],
    role: Role = "",
    image: Annotated[str, typer.Option("--image", help="The image to restore, by name or id; else a fresh VM.")] = "",
    worker: Worker = False,
    architect: Architect = False,
    agent: Annotated[
        str, typer.Option("--agent", help="Its kind, such as pi; without it, the first that can run here.")
    ] = "",
    label: Annotated[list[str] | None, typer.Option("--label", help="A label; may be repeated.")] = None,
    parent: Annotated[str, typer.Option("--parent", help="The agent it works for.")] = "",
    model: Annotated[str, typer.Option("--model", help="The model, as the agent names it.")] = "",
    thinking: Annotated[str, typer.Option("--thinking", help="How much it thinks, in a word of its kind.")] = "",
    permissions: Annotated[
        str, typer.Option("--permissions", help="What it may do unasked, in a word of its kind, such as plan.")
    ] = "",
    replace_prompt: Annotated[
        bool,
        typer.Option("--replace-prompt", help="Its role replaces the agent's own system prompt; else it is added."),
    ] = False,
    count: Annotated[int, typer.Option("--count", help="So many workers, NAME-1 and so on.", min=1, max=MOST)] = 1,
    task: Annotated[str, typer.Option("--task", help="The first prompt of each; - reads standard input.")] = "",
    tasks: Annotated[
        str,
        typer.Option(
            "--tasks", help="A file with a task a line, or blocks between lines of ---; one worker each. - reads input."
        ),
    ] = "",
    goal: Annotated[str | None, typer.Option("--goal", help="What an architect is to have built.")] = None,
    spec: Annotated[
        str, typer.Option("--spec", help="A file with the architect's specification; - reads standard input.")
    ] = "",
    requirement: Annotated[
        list[str] | None, typer.Option("--requirement", help="What the build must meet; may be repeated.")
    ] = None,
    workers_wanted: Annotated[
        int, typer.Option("--workers", help="How many workers the architect makes.", min=1, max=MOST)
    ] = WORKERS,
    dry_run: DryRun = False,
    vcpu: Vcpu = None,
    memory: Memory = None,
    disk: Disk = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Take your own skills, settings, AGENTS.md and packages along, no secrets.")
    ] = False,
    sync_named: Annotated[
        list[str] | None,
        typer.Option("--sync-secret", help="A file of your configuration to take along though it holds secrets."),
    ] = None,
    findable: Annotated[
        bool, typer.Option("--findable", help="Let other tools find it; when they end they stop what they found.")
    ] = False,
    source: Source = "",
    as_json: Json = False,
) -> None:
    """Make a VM and start an agent on it; many workers at once; or an architect that has something built."""
    from cockpit.cli import architects, fleet, workers

    builds = goal is not None or bool(spec or requirement)
    if goal is not None and not goal.strip():
        raise typer.BadParameter("--goal is empty")
    if builds and (worker or task or tasks or count > 1):
        raise typer.BadParameter("--goal, --spec and --requirement are an architect's: no other task, kind or number")

    command = Spawn(
        name,
        AgentKind.ARCHITECT if builds else kind_of(worker or (not architect and (count > 1 or bool(tasks))), architect),
        role,
        image=CommitId(image) if image else None,
        program=agent,
        labels=tuple(label or ()),
        parent=parent,
        model=model,
        size=size_of(vcpu, memory, disk),
        thinking=thinking,
        permission_mode=permissions,
        replaces_prompt=replace_prompt,
        findable=findable,
        sync=sync or bool(sync_named),
        sync_named=tuple(sync_named or ()),
        source=source,
    )
    if builds:
        build = architects.WantedBuild(goal or "", spec, tuple(requirement or ()), workers_wanted)
        run(lambda headless: architects.spawn(headless, command, build, dry_run, as_json))
    given = workers.tasks_given(task, tasks)
    if count == 1 and len(given) < 2:
        single = replace(command, task=given[0] if given else "")
        run(lambda headless: fleet.spawn(headless, single, dry_run, as_json))
    run(lambda headless: workers.spawn(headless, command, count, given, dry_run, as_json))


@application.command()
def relaunch(
    name: Name,
    change_program: Annotated[
        bool, typer.Option("--change-program", help="Take another version of its program than it was started with.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Let it begin anew where its process alone has its conversation.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Start a dead agent's process again, in its latest session."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.relaunch(headless, name, change_program, anew, dry_run, as_json))


@application.command()
def adopt(
    vm: Annotated[str, typer.Argument(help="The id of the VM, or of the place on a host.")],
    name: Annotated[
        str, typer.Option("--name", help="What the agent is called here; without it, what others call it.")
    ] = "",
    worker: Worker = False,
    architect: Architect = False,
    role: Role = "",
    directory: Annotated[
        str, typer.Option("--directory", help="Where it lives there; without it, the known places are looked at.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take over an agent that somebody else started on a VM; nothing is sent to it."""
    from cockpit.cli import adoption

    kind = kind_of(worker, architect) if worker or architect else None
    run(lambda headless: adoption.adopt(headless, vm, name, kind, role, directory, dry_run=dry_run, as_json=as_json))


@application.command()
def deregister(
    vm: Annotated[str, typer.Argument(help="The id of a VM that is gone.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a VM that is gone out of the registry and of other tools' files; one that exists is left alone."""
    from cockpit.cli import adoption

    run(lambda headless: adoption.deregister(headless, vm, dry_run, as_json))


@application.command()
def destroy(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Agents or VMs by name or id; '*' is every lieutenant.")
    ],
    yes: Yes = False,
    no_undo: Annotated[
        bool, typer.Option("--no-undo", help="Take no commit first: nothing brings it back then.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Delete agents' VMs with everything on them; what would be lost with each is said first. `undo` brings one back.

    A commit is taken first and kept for undo_hours of config.toml; where none can be taken nothing is deleted (exit 1).
    """
    from cockpit.cli import destruction

    how = destruction.How(yes=yes, dry_run=dry_run, as_json=as_json, undo=not no_undo)
    run(lambda headless: destruction.destroy(headless, names, how))


@application.command()
def undo(
    name: Annotated[
        str, typer.Argument(help="A destroyed agent's name, or its commit; without it, all are listed.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring a destroyed agent back with its conversation, or list who can be brought back."""
    from cockpit.cli import undoing

    if name:
        run(lambda headless: undoing.undo(headless, name, dry_run, as_json))
    else:
        run(lambda headless: undoing.list_kept(headless, as_json))


@application.command()
def restore(
    source: Annotated[str, typer.Argument(help="A commit, or an agent's name for the latest commit of it.")],
    name: Annotated[str, typer.Option("--name", help="What it is called; else the name it had, or NAME-2.")] = "",
    in_place: Annotated[
        str, typer.Option("--in-place", help="The agent to destroy first, kept for undo; else it goes on beside.")
    ] = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a new VM from a commit, and start the agent that was on it in the conversation it had then.

    With --in-place it asks first: what would be lost with the agent that goes is named.
    """
    from cockpit.cli import undoing

    run(lambda headless: undoing.restore(headless, source, name, in_place, yes=yes, dry_run=dry_run, as_json=as_json))


@application.command()
def dismiss(
    name: Name,
    back: Annotated[bool, typer.Option("--back", help="Hear of it again.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hear no more of a VM that is perhaps ours, or of an agent elsewhere; no VM is touched."""
    from cockpit.cli import fleet

    run(lambda headless: fleet.dismiss(headless, name, dry_run, as_json, back=back))
