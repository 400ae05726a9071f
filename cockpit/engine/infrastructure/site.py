"""The VM on which the services are made, and what a kind of server owes who makes them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import ServicesPlace
from cockpit.engine.vm_shell import VmShell
from cockpit.errors import Refused
from cockpit.model.ids import VmId
from cockpit.remote.ssh.command import Completed

SCRIPT_LIMIT = 60.0
INSTALL_LIMIT = 600.0
"""Seconds the system's package manager may take."""
SAID_LIMIT = 2000
"""Characters of what a program on the VM said that an error quotes."""


@dataclass(frozen=True, slots=True)
class Site:
    """A VM with a way to it."""

    vm: VmId
    shell: VmShell
    place: ServicesPlace
    shares_host: bool = False
    """It is a sandbox: no program is installed there, and no system starts at its boot."""

    @property
    def extent(self) -> str:
        """The word by which a script knows whether the VM has a system of its own."""
        return "home" if self.shares_host else "whole"

    async def run(self, what: str, script: str, *words: str, stdin: bytes = b"", limit: float = SCRIPT_LIMIT) -> str:
        """Run a script that must succeed; return what it printed.

        Raises:
            Refused: it failed; says what it wrote.
        """
        done = await self.shell.run(script, *words, stdin=stdin, timeout=limit)
        if done.exit_code != 0:
            raise Refused(f"could not {what} on VM {self.vm}: {said(done)}")
        return done.stdout.decode("utf-8", "replace").strip()


class Server(Protocol):
    """Board, feed and registry as one program that runs on a VM."""

    @property
    def runtime(self) -> str:
        """What runs it, as its step is called."""

    async def find(self, site: Site, progress: OperationProgress) -> str:
        """Return the path of what runs it, installed if need be.

        Raises:
            CockpitError: there is none, and none could be installed.
        """

    async def bring(self, site: Site, runtime: str, progress: OperationProgress) -> str:
        """Have its code on the VM; return what tells this code from another.

        Raises:
            CockpitError: it could not be had.
        """

    async def answers(self, site: Site, runtime: str, code: str) -> bool:
        """Say whether this very code answers on the VM, and takes the token."""

    async def start(self, site: Site, runtime: str, code: str) -> str:
        """Start it in place of what runs; return how it was done.

        Raises:
            CockpitError: it could not be started.
        """


def said(done: Completed) -> str:
    """Return the end of what a program wrote, or how it ended."""
    text = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-SAID_LIMIT:]
    return text or f"exit {done.exit_code}"
