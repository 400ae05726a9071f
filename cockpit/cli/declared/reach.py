"""The verbs that reach into VMs: a command, a shell, and their ports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cockpit.cli.declared.application import DryRun, Json, Name, Timeout, Yes, application
from cockpit.cli.declared.application import run as run_verb


@application.command(name="run")
def run_on_vm(
    name: Name,
    words: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="One word is a line for the shell there.")
    ],
    timeout: Timeout = None,
    file: Annotated[Path | None, typer.Option("--output", help="Write all that it says to this file, too.")] = None,
    as_json: Json = False,
) -> None:
    """Run a command in an agent's workspace with this process's input and outputs; the agent hears nothing of it.

    It has the VM's own environment, not the agent's, which holds keys. Its exit code is the verb's; 255, with a line on
    standard error, says that the cockpit failed and the command told none. ctrl-c goes to the command, the third kills
    it.
    """
    from cockpit.cli import on_vm

    how = on_vm.RunOptions(timeout, file, as_json)
    run_verb(lambda headless: on_vm.run(headless, name, words, how))


@application.command()
def shell(
    name: Name,
    tmux: Annotated[
        bool, typer.Option("--tmux", help="Look at the agent's own tmux session; no key reaches it.")
    ] = False,
) -> None:
    """Open a shell on an agent's VM in this terminal; `~.` at the beginning of a line leaves it, as in ssh.

    Its exit code is the verb's; 255, with a line on standard error, says that the cockpit failed.
    """
    from cockpit.cli import on_vm

    run_verb(lambda headless: on_vm.shell(headless, name, tmux=tmux))


@application.command()
def ports(name: Name, as_json: Json = False) -> None:
    """List what listens on an agent's VM, whether on IPv4 alone, and what of it is open to everybody."""
    from cockpit.cli import ports as work

    run_verb(lambda headless: work.ports(headless, name, as_json))


@application.command()
def forward(
    name: Name,
    port: Annotated[int, typer.Argument(help="The port where the agent lives.", min=1, max=65535)],
    local: Annotated[
        int, typer.Option("--local", help="The port here; the same if it is free, else any.", min=0, max=65535)
    ] = 0,
    as_json: Json = False,
) -> None:
    """Open an address on 127.0.0.1 that leads to a port of an agent's VM, until ctrl-c; a drop ends nothing."""
    from cockpit.cli import ports as work

    run_verb(lambda headless: work.forward(headless, name, port, local, as_json))


@application.command()
def bridge(
    name: Name,
    port: Annotated[int, typer.Argument(help="The port where the agent lives.", min=1, max=65535)],
    end: Annotated[bool, typer.Option("--end", help="Take the bridge away again.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have a server that listens on IPv4 alone reached at the VM's public address, by everybody."""
    from cockpit.cli import ports as work

    run_verb(lambda headless: work.bridge(headless, name, port, end=end, yes=yes, dry_run=dry_run, as_json=as_json))
