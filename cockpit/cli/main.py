"""The command line: verbs and arguments. Screens are imported only when one is opened."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cockpit import __version__, paths
from cockpit.cli.exits import ExitCode, table
from cockpit.cli.texts import read_input, refuse_bytes
from cockpit.errors import CockpitError, ConfigError, NotFound, TimedOut, UsageError
from cockpit.logs import await_log
from cockpit.model.commands import Pause, Resume, Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn, with_output

if TYPE_CHECKING:
    from cockpit.cli.headless import Verb

log = logging.getLogger(__name__)

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

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="The agent's name, or its VM's id.")]
Timeout = Annotated[float | None, typer.Option("--timeout", help="Seconds to wait at most.", min=0)]


class Options:
    """What stands before the verb."""

    root: Path | None = None
    config: Path | None = None


options = Options()


@application.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
    root: Annotated[
        str | None, typer.Option("--root", help="Use an embedded fleet and a history of its own in this directory.")
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="Read this file instead of config.toml.")] = None,
    theme: Annotated[str, typer.Option("--theme", help="Name of a theme.")] = "",
    read_only: Annotated[bool, typer.Option("--read-only", help="Look, but touch nothing.")] = False,
    low_bandwidth: Annotated[
        bool, typer.Option("--low-bandwidth", help="Fewer frames and colours, for slow lines.")
    ] = False,
) -> None:
    """Open the cockpit, or run a verb without a screen."""
    options.root = paths.absolute(root, "--root") if root is not None else None
    options.config = paths.absolute(config, "--config") if config is not None else None
    if version:
        say(our_line("cockpit {}", __version__))
    elif context.invoked_subcommand is None:
        from cockpit.cli.signals import TerminalWatch

        watch = TerminalWatch()  # before what takes long to load
        from cockpit.cli.screen import open_cockpit

        raise typer.Exit(open_cockpit(watch, options.root, options.config, theme, read_only, low_bandwidth))


@application.command()
def vms(as_json: Json = False) -> None:
    """List the VMs."""
    from cockpit.cli import lists

    _run(lambda headless: lists.vms(headless, as_json))


@application.command()
def agents(as_json: Json = False) -> None:
    """List the agents with power, link, process, activity and the evidence for them."""
    from cockpit.cli import lists

    _run(lambda headless: lists.agents(headless, as_json))


@application.command()
def board(as_json: Json = False) -> None:
    """List the board's tasks."""
    from cockpit.cli import lists

    _run(lambda headless: lists.board(headless, as_json))


@application.command()
def spawn(
    name: Annotated[str, typer.Argument(help="The new agent's name.")],
    role: Annotated[str, typer.Option("--role", help="What it is for.")] = "",
    image: Annotated[str, typer.Option("--image", help="The commit to restore; without it, a fresh VM.")] = "",
    worker: Annotated[bool, typer.Option("--worker", help="A worker instead of a lieutenant.")] = False,
    architect: Annotated[bool, typer.Option("--architect", help="An architect instead of a lieutenant.")] = False,
    agent: Annotated[
        str, typer.Option("--agent", help="Its kind, such as pi; without it, the first that can run here.")
    ] = "",
    label: Annotated[list[str] | None, typer.Option("--label", help="A label; may be repeated.")] = None,
    parent: Annotated[str, typer.Option("--parent", help="The agent it works for.")] = "",
    model: Annotated[str, typer.Option("--model", help="The model, as the agent names it.")] = "",
    as_json: Json = False,
) -> None:
    """Make a VM and start an agent on it."""
    if worker and architect:
        raise typer.BadParameter("--worker and --architect exclude each other")
    from cockpit.cli import fleet

    command = Spawn(
        name,
        _kind(worker, architect),
        role,
        image=CommitId(image) if image else None,
        program=agent,
        labels=tuple(label or ()),
        parent=parent,
        model=model,
    )
    _run(lambda headless: fleet.spawn(headless, command, as_json))


@application.command()
def send(
    name: Name,
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    mode: Annotated[str, typer.Option("--mode", help="prompt, steer or follow-up.")] = "prompt",
    wait: Annotated[str, typer.Option("--wait", help="accepted, consumed or done.")] = "accepted",
    timeout: Timeout = None,
) -> None:
    """Send a text; with --wait done the answer is printed."""
    from cockpit.cli import agent

    how = _choice("--mode", mode, agent.MODES)
    until = _choice("--wait", wait, agent.STAGES)
    said = read_input() if text == "-" else text
    _run(lambda headless: agent.send(headless, name, said, how, until, timeout))


@application.command()
def tail(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="One object per event.")] = False,
    from_line: Annotated[int, typer.Option("--from-line", help="The first line to print.", min=1)] = 1,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on as lines arrive.")] = True,
    raw: Annotated[bool, typer.Option("--raw", help="The agent's bytes as they are, for another program.")] = False,
) -> None:
    """Print an agent's output from its VM, line by line; resumes after any drop."""
    if raw and as_json:
        raise typer.BadParameter("--raw and --json exclude each other")
    from cockpit.cli import agent

    _run(lambda headless: agent.tail(headless, name, as_json, from_line, follow, raw))


@application.command()
def wait(
    name: Name,
    until: Annotated[str, typer.Option("--until", help="idle, working, asking, retrying, compacting, error, dead.")],
    timeout: Timeout = None,
) -> None:
    """Wait until an agent is in a state."""
    from cockpit.cli import agent

    state = _choice("--until", until, agent.STATES)
    _run(lambda headless: agent.wait(headless, name, state, timeout))


@application.command()
def pause(name: Name) -> None:
    """Freeze an agent's VM."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.power(headless, name, Pause))


@application.command()
def resume(name: Name) -> None:
    """Continue an agent's VM."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.power(headless, name, Resume))


@application.command()
def abort(name: Name) -> None:
    """End an agent's current run."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.abort(headless, name))


@application.command()
def answer(
    name: Name,
    value: Annotated[str, typer.Argument(help="The option or text; yes or no for a confirmation.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Close the question without an answer.")] = False,
) -> None:
    """Answer an agent's oldest open question."""
    from cockpit.cli import agent

    _run(lambda headless: agent.answer(headless, name, value, cancel))


@application.command()
def relaunch(
    name: Name,
    change_program: Annotated[
        bool, typer.Option("--change-program", help="Take another version of its program than it was started with.")
    ] = False,
) -> None:
    """Start a dead agent's process again, in its latest session."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.relaunch(headless, name, change_program))


@application.command()
def adopt(
    vm: Annotated[str, typer.Argument(help="The VM's id.")],
    name: Annotated[str, typer.Option("--name", help="What the agent is called here.")],
    worker: Annotated[bool, typer.Option("--worker", help="It is a worker.")] = False,
    architect: Annotated[bool, typer.Option("--architect", help="It is an architect.")] = False,
    role: Annotated[str, typer.Option("--role", help="What it is for.")] = "",
) -> None:
    """Take over an agent that somebody else started on a VM; nothing is sent to it."""
    from cockpit.cli import fleet

    kind = _kind(worker, architect)
    _run(lambda headless: fleet.adopt(headless, vm, name, kind, role))


@application.command()
def destroy(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed without a terminal.")] = False
) -> None:
    """Delete an agent's VM with everything on it."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.destroy(headless, name, yes))


@application.command()
def dismiss(name: Name) -> None:
    """Hear no more of a VM that is perhaps ours, or of an agent elsewhere; no VM is touched."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.dismiss(headless, name))


@application.command()
def commit(
    name: Name, label: Annotated[str, typer.Option("--name", help="The commit's name.")] = "", as_json: Json = False
) -> None:
    """Take a snapshot of an agent's VM."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.commit(headless, name, label, as_json))


@application.command()
def branch(
    name: Name, count: Annotated[int, typer.Option("--count", min=1, max=20)] = 1, as_json: Json = False
) -> None:
    """Copy an agent's VM and start the copies."""
    from cockpit.cli import fleet

    _run(lambda headless: fleet.branch(headless, name, count, as_json))


@application.command()
def search(
    text: Annotated[str, typer.Argument(help="Words to look for; the last one may be a beginning.")],
    agent: Annotated[str, typer.Option("--agent", help="Only this agent's transcript.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="Hits at most.", min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """Search everything agents said and did, also those that are gone."""
    from cockpit.cli import lists

    _run(lambda headless: lists.search(headless, text, agent, limit, as_json))


@application.command()
def serve(
    stop: Annotated[bool, typer.Option("--stop", help="End the embedded fleet's server; agents go on.")] = False,
    end_fleet: Annotated[
        bool, typer.Option("--end-fleet", help="End the server, every agent and all that runs on the fleet's VMs.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --end-fleet: do not ask; needed without a terminal.")
    ] = False,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay in the foreground, for a service unit.")
    ] = False,
    root: Annotated[str | None, typer.Option("--root", help="The fleet's directory.")] = None,
) -> None:
    """Start the embedded fleet on this machine's loopback."""
    from cockpit.cli import serve as serving

    place = paths.absolute(root, "--root") if root is not None else None
    raise typer.Exit(serving.serve(place, options.root, stop=stop, end_fleet=end_fleet, yes=yes, foreground=foreground))


@application.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep the fleet afterwards.")] = False,
    speed: Annotated[float, typer.Option("--speed", help="How fast the agents work.", min=0.1, max=50)] = 1.0,
    theme: Annotated[str, typer.Option("--theme", help="Name of a theme.")] = "",
) -> None:
    """Open the cockpit on a fresh fleet of scripted agents that build something."""
    from cockpit.cli.signals import TerminalWatch

    watch = TerminalWatch()  # before what takes long to load
    from cockpit.cli.screen import show_demonstration

    raise typer.Exit(show_demonstration(watch, keep=keep, speed=speed, theme=theme))


def _kind(worker: bool, architect: bool) -> AgentKind:
    return AgentKind.WORKER if worker else AgentKind.ARCHITECT if architect else AgentKind.LIEUTENANT


def _choice(option: str, value: str, choices: Iterable[Choice]) -> Choice:
    known = tuple(choices)
    for choice in known:
        if choice == value:
            return choice
    raise typer.BadParameter(f"{option} takes {', '.join(known)}, not {value!r}")


def _run(verb: Verb) -> None:
    """Run a headless verb; it never imports a screen."""
    from cockpit.cli.headless import run as run_verb

    raise typer.Exit(run_verb(verb, options.root, options.config))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; failures are one clear line on standard error."""
    return with_output(lambda: _run_command(arguments))


def _run_command(arguments: list[str]) -> int:
    await_log()
    try:
        paths.settle_environment(os.environ)
        refuse_bytes(arguments)
        application(args=arguments, prog_name="cockpit")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE if end.code is None else ExitCode.FAILED
    except CockpitError as error:
        warn(our_text("cockpit: {}", str(error)))
        return exit_code(error)
    except OSError as error:
        # A disk that is full, a directory that may not be read: no fault of the program, and nothing to hide.
        log.exception("the verb failed")
        where = f"{error.filename}: " if error.filename else ""
        warn(our_text("cockpit: {}{}", where, error.strerror or str(error)))
        return ExitCode.FAILED
    return ExitCode.DONE


def exit_code(error: CockpitError) -> int:
    """Return the exit code an error stands for."""
    match error:
        case NotFound():
            return ExitCode.NO_SUCH
        case TimedOut():
            return ExitCode.TIMED_OUT
        case UsageError() | ConfigError():
            return ExitCode.USAGE
        case _:
            return ExitCode.FAILED
