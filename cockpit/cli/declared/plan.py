"""The verbs about plans."""

from __future__ import annotations

from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Source, Timeout, application, run
from cockpit.model.plan.plan import MOST_AT_ONCE, MOST_VMS

plan = typer.Typer(
    help="Plans: lists of tasks with dependencies, handed to agents.", no_args_is_help=True, rich_markup_mode=None
)
application.add_typer(plan, name="plan")

File = Annotated[str, typer.Argument(metavar="FILE", help="The plan, in Markdown, JSON or TOML; - reads input.")]
Named = Annotated[str, typer.Option("--name", help="How it is called; without it, as it says, or as its file.")]
PlanName = Annotated[str, typer.Argument(metavar="NAME", help="The plan's name.")]
AtOnce = Annotated[
    int | None, typer.Option("--at-once", help="Tasks that are worked on at once.", min=1, max=MOST_AT_ONCE)
]
Vms = Annotated[int | None, typer.Option("--vms", help="VMs that may be made for it.", min=0, max=MOST_VMS)]

Workers = Annotated[
    str, typer.Option("--workers", help="The workers made for it, when it is done: teardown (as usual) or keep.")
]


@plan.callback()
def group() -> None:
    """Plans: lists of tasks with dependencies, handed to agents."""


@plan.command()
def check(file: File, name: Named = "", as_json: Json = False) -> None:
    """Read a plan and say what is wrong with it, and what should be better; nothing is created."""
    from cockpit.cli import plan as work

    raise typer.Exit(work.check(file, name, as_json))


@plan.command()
def create(
    file: File,
    name: Named = "",
    at_once: AtOnce = None,
    vms: Vms = None,
    workers: Workers = "",
    source: Source = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a plan on the board; what of it is there already is not made twice. It runs with `plan run`."""
    from cockpit.cli import plan as work

    wanted = work.plan_from(file, name, at_once, vms, work.keeps_in(workers))
    run(lambda headless: work.create(headless, wanted, source, dry_run, as_json))


@plan.command("run")
def run_plan(
    name: PlanName,
    at_once: AtOnce = None,
    vms: Vms = None,
    workers: Workers = "",
    detach: Annotated[bool, typer.Option("--detach", help="Leave the handing out to a cockpit that is open.")] = False,
    timeout: Timeout = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let a plan run, or go on, and hand its tasks out until it is done. Agents go on when this ends."""
    from cockpit.cli import plan as work

    how = work.PlanRun(at_once, vms, work.keeps_in(workers), detach, timeout, dry_run, as_json)
    run(lambda headless: work.run_plan(headless, name, how))


@plan.command()
def hold(name: PlanName, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Have a plan do nothing more by itself; agents go on with what they have."""
    from cockpit.cli import plan as work

    run(lambda headless: work.hold(headless, name, dry_run, as_json))


@plan.command()
def step(name: PlanName, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Have a plan that is held, or has not begun, do the one thing that is next."""
    from cockpit.cli import plan as work

    run(lambda headless: work.step(headless, name, dry_run, as_json))


@plan.command()
def take(
    name: PlanName,
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task, by its title, its key or its id.")],
    back: Annotated[bool, typer.Option("--back", help="Give it back to the plan.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a task over: the plan leaves it alone; whoever works on it goes on."""
    from cockpit.cli import plan as work

    run(lambda headless: work.take(headless, name, task, back, dry_run, as_json))


@plan.command()
def status(name: PlanName, as_json: Json = False) -> None:
    """Say where each task of a plan stands, who has it, why it waits, and what is next."""
    from cockpit.cli import plan as work

    run(lambda headless: work.status(headless, name, as_json))


@plan.command("list")
def list_plans(as_json: Json = False) -> None:
    """List the plans on the board."""
    from cockpit.cli import plan as work

    run(lambda headless: work.list_plans(headless, as_json))
