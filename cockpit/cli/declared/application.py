"""The application that verbs are declared on, the options that stand before them, and the types that they share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cockpit.cli.exits import table
from cockpit.model.fleet import AgentKind
from cockpit.model.size import VmSize

if TYPE_CHECKING:
    from cockpit.cli.headless import Verb

application = typer.Typer(
    name="cockpit",
    help="Supervise a live swarm of coding agents. Without a verb, the cockpit opens.",
    epilog=f"\b\n{table()}",
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Choice = TypeVar("Choice", bound=str)
"""One of the words an option takes."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done and lost; do nothing.")]
Filter = Annotated[
    str,
    typer.Option("--filter", help="As on the screen: words, `state:asking`, `-kind:worker`; `'NAME` is a kept one."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="The agent's name, or the id of where it lives.")]
Timeout = Annotated[float | None, typer.Option("--timeout", help="Seconds to wait at most.", min=0)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; needed without a terminal.")]
Worker = Annotated[bool, typer.Option("--worker", help="A worker instead of a lieutenant.")]
Architect = Annotated[bool, typer.Option("--architect", help="An architect instead of a lieutenant.")]
Role = Annotated[str, typer.Option("--role", help="What it is for.")]

Vcpu = Annotated[int | None, typer.Option("--vcpu", help="Processors of the VM; 2 unless said.")]
Memory = Annotated[int | None, typer.Option("--memory", help="MiB of memory; 4096 unless said.")]
Disk = Annotated[int | None, typer.Option("--disk", help="MiB of disk; 8192 unless said.")]
Source = Annotated[str, typer.Option("--source", help="Where it is made, if there are several; else in the first.")]


class Options:
    """What stands before the verb."""

    root: Path | None = None
    config: Path | None = None


options = Options()


def kind_of(worker: bool, architect: bool) -> AgentKind:
    """Return the kind that two switches mean.

    Raises:
        BadParameter: both are given.
    """
    if worker and architect:
        raise typer.BadParameter("--worker and --architect exclude each other")
    return AgentKind.WORKER if worker else AgentKind.ARCHITECT if architect else AgentKind.LIEUTENANT


def size_of(vcpu: int | None, memory: int | None, disk: int | None) -> VmSize | None:
    """Return the size that three options mean, each with its default; None if none of them was given."""
    if vcpu is None and memory is None and disk is None:
        return None
    usual = VmSize()
    return VmSize(
        usual.vcpus if vcpu is None else vcpu,
        usual.memory_mib if memory is None else memory,
        usual.disk_mib if disk is None else disk,
    )


def choice(option: str, value: str, choices: Iterable[Choice]) -> Choice:
    """Return the word of `choices` that was typed for an option.

    Raises:
        BadParameter: it is none of them.
    """
    known = tuple(choices)
    for found in known:
        if found == value:
            return found
    raise typer.BadParameter(f"{option} takes {', '.join(known)}, not {value!r}")


def run(verb: Verb) -> None:
    """Run a headless verb and end with its exit code; it never imports a screen."""
    from cockpit.cli.headless import run as run_verb

    raise typer.Exit(run_verb(verb, options.root, options.config))
