"""The command line: what stands before the verb, and how a run of it ends. Screens are imported when one is opened."""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from cockpit import __version__, paths
from cockpit.cli import first_sight
from cockpit.cli.declared import loading
from cockpit.cli.declared.application import application, options
from cockpit.cli.exits import ExitCode
from cockpit.cli.texts import refuse_bytes
from cockpit.errors import CockpitError, ConfigError, NotFound, TimedOut, UsageError
from cockpit.logs import await_log
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn, with_output

log = logging.getLogger(__name__)


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
    low_motion: Annotated[
        bool, typer.Option("--low-motion", help="Nothing moves by itself, also by COCKPIT_LOW_MOTION=1.")
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

        try:
            code = open_cockpit(watch, options.root, options.config, theme, read_only, low_bandwidth, low_motion)
        finally:
            first_sight.leave()
        raise typer.Exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; failures are one clear line on standard error."""
    return with_output(lambda: _run_command(arguments))


def _run_command(arguments: list[str]) -> int:
    await_log()
    try:
        paths.settle_environment(os.environ)
        refuse_bytes(arguments)
        loading.declare(arguments)
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
