"""The verbs that run a command, or a shell, on a VM and end as it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.headless import Headless, only, require_health
from cockpit.cli.piping import Outputs, feed
from cockpit.cli.signals import on_interrupt
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, UsageError
from cockpit.model.ids import VmId
from cockpit.model.reach import RemoteTerminal, RunningCommand
from cockpit.model.shell_line import shell_line
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_text
from cockpit.text.streams import flush_output, is_terminal, warn
from cockpit.ui.terminal.byte_flow import ByteFlow
from cockpit.ui.terminal.pass_through import PassThrough

OWN_FAILURE = 255
"""Exit code where the cockpit itself failed and the command said none, as `ssh` has it."""

PATIENCE = 2
"""Interrupts that the command gets before it is killed."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a command is run."""

    limit: float | None
    """Seconds; None sets no limit."""
    file: Path | None
    """Gets all that the command says."""
    as_json: bool


async def run(headless: Headless, name: str, words: Sequence[str], how: RunOptions) -> int:
    """Run a command on a VM with this process's streams, and return its exit code; `OWN_FAILURE` if there is none.

    One word is a line for the shell there; several are a command and its arguments, as they are.
    """
    try:
        async with headless.engine(only(name), watch=True, record=False) as engine:
            require_health(engine, "vers")
            vm_id, _ = engine.vm_named(name)
            return await _run(engine, vm_id, shell_words(words), how)
    except CockpitError as error:
        if how.as_json:
            output.print_json({"exit_code": None, "error": error.message, "hint": error.hint})
        warn(our_text("cockpit: {}", str(error)))
        return OWN_FAILURE


def shell_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command that words typed after `--` mean: one is a line for the login shell of the VM's user."""
    if len(words) == 1:
        return shell_line(words[0])
    return tuple(words)


async def _run(engine: HeadlessPort, vm_id: VmId, words: tuple[str, ...], how: RunOptions) -> int:
    began = time.monotonic()
    outputs = Outputs(how.file, live=not how.as_json)
    flow = ByteFlow(outputs.write)
    try:
        command = await engine.reach.run(vm_id, words, flow.put)
        flow.sender = command
        try:
            feed(command)
            telling = asyncio.create_task(_tell(command), name="why nothing is heard")
            try:
                with on_interrupt(_Interrupts(command)):
                    code = await _until_ended(command, flow, how.limit)
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        except asyncio.CancelledError:
            await command.end()
            raise
        finally:
            await command.close()
    finally:
        await flow.finish()
        outputs.close()
    if how.as_json:
        output.print_json(
            {
                "exit_code": code,
                "seconds": round(time.monotonic() - began, 3),
                "stdout": outputs.kept(stderr=False),
                "stderr": outputs.kept(stderr=True),
                "stdout_bytes": outputs.sizes[False],
                "stderr_bytes": outputs.sizes[True],
            }
        )
    return code


async def _tell(command: RunningCommand) -> None:
    """Say why nothing is heard of a command, and when it goes on."""
    async for reason in command.hindrances():
        warn(our_text("cockpit: {}", reason or "it is heard again, and the command goes on"))


async def _until_ended(command: RunningCommand, flow: ByteFlow, limit: float | None) -> int:
    """Return the exit code; where nobody takes the output any more, the command is ended as SIGPIPE would."""
    ending = asyncio.create_task(command.wait(limit), name="end of the command")
    unread = asyncio.create_task(flow.ended.wait(), name="end of the output")
    try:
        await asyncio.wait((ending, unread), return_when=asyncio.FIRST_COMPLETED)
        if not ending.done() and flow.failure is not None:
            await command.end()
        code = await ending
        await flow.finish()
        if flow.failure is not None:
            raise flow.failure
        flush_output()
        return code
    finally:
        unread.cancel()
        ending.cancel()
        await asyncio.gather(unread, ending, return_exceptions=True)


class _Interrupts:
    """Hands interrupts on to a command, and kills it when it hears none of them."""

    def __init__(self, command: RunningCommand) -> None:
        self._command = command
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self) -> None:
        self._count += 1
        task = asyncio.create_task(self._hand_on("INT" if self._count <= PATIENCE else "KILL"), name="interrupt")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._count == PATIENCE:
            warn(ours("cockpit: interrupted again; once more kills it"))

    async def _hand_on(self, name: str) -> None:
        try:
            await self._command.signal(name)
        except CockpitError as error:
            warn(our_text("cockpit: the interrupt did not reach the command: {}", error.message))


async def shell(headless: Headless, name: str, *, tmux: bool) -> int:
    """Open a shell on a VM in this terminal, or look at its agent's tmux session, and return its exit code."""
    if not is_terminal():
        raise UsageError("a shell needs a terminal", hint="`cockpit run NAME -- COMMAND` needs none")
    try:
        async with headless.engine(only(name), watch=True, record=False) as engine:
            require_health(engine, "vers")
            vm_id, _ = engine.vm_named(name)

            async def open_terminal(size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> RemoteTerminal:
                kind, colours = os.environ.get("TERM", "") or "dumb", os.environ.get("COLORTERM", "")
                return await engine.reach.shell(vm_id, kind, size, heard, colours=colours, tmux=tmux)

            return await PassThrough().carry(open_terminal, contextlib.nullcontext)
    except CockpitError as error:
        warn(our_text("cockpit: {}", str(error)))
        return OWN_FAILURE
