"""The verbs that reach into VMs: a command, a shell, and their ports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cockpit.cli.declared.application import Json, Name, Timeout, application
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

    how = on_vm.How(timeout, file, as_json)
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
