"""Commands and terminals of the operator on VMs: few at a time on each, so that the agent's own channels stay free."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import AGENT_SESSION, shell_path
from cockpit.engine.reach.links import VmLinks
from cockpit.errors import CockpitError, Gone, Refused, TimedOut
from cockpit.model.fleet import Power
from cockpit.model.ids import VmId
from cockpit.remote.errors import Dropped
from cockpit.remote.ssh.live import LiveCommand
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.remote.ssh.shell import command_line
from cockpit.vers.look import Found, Look, Missing

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection
    from cockpit.remote.ssh.process import RemoteProcess

MOST_LIVE = 4
"""Commands and terminals of the operator at once on one VM: of its eight channels the agent needs the others."""

START_LIMIT = 30.0
"""Seconds a link, and then the channel, gets to come up."""

LOOK_PAUSE = 0.5
"""Seconds between two such questions."""

WHY_LIMIT = 5.0
"""Seconds the platform gets to say what became of a VM whose stream was cut."""

UNKNOWN_SIGNAL = 129
"""Stands for a signal whose number nobody knows: the least code a shell uses for one."""

# A kind of terminal that the VM does not know draws nothing right; xterm-256color is known everywhere.
_TERMINAL = """cd {place} 2>/dev/null || cd
if command -v infocmp >/dev/null 2>&1 && ! infocmp "$TERM" >/dev/null 2>&1; then TERM=xterm-256color; export TERM; fi
[ -n "$LANG$LC_ALL$LC_CTYPE" ] || export LANG=C.UTF-8
[ -z "$1" ] || export COLORTERM="$1"
"""
_SHELL = 'exec "${SHELL:-/bin/sh}" -l'
# A client of its own size would shrink the agent's window; `-r` says both in newer versions and one in older ones.
_LOOK = """if ! command -v tmux >/dev/null 2>&1; then echo "tmux is not here" >&2; exit 1; fi
if ! tmux has-session -t "={session}" 2>/dev/null; then
  echo "there is no tmux session {session} here: its agent runs without one, or not at all" >&2; exit 1
fi
exec tmux attach-session -r -t "={session}"
"""

Heard = Callable[[bytes, bool], None]


class LivePlaces:
    """The places for commands and terminals on each VM."""

    def __init__(self, links: VmLinks, look: Callable[[VmId], Awaitable[Look]]) -> None:
        """Begin with all of them free.

        Args:
            look: asks the platform for one VM.
        """
        self._links = links
        self._look = look
        self._taken: Counter[VmId] = Counter()

    @contextlib.asynccontextmanager
    async def connection(self, vm_id: VmId) -> AsyncIterator[Connection]:
        """Take a place for the time of the block, and the connection to the VM.

        Raises:
            Refused: there is none.
        """
        if self._taken[vm_id] >= MOST_LIVE:
            raise Refused(
                f"{MOST_LIVE} commands and shells of this cockpit run there already", hint="end one of them first"
            )
        self._taken[vm_id] += 1
        try:
            async with self._links.held(vm_id):
                yield await self._links.ready(vm_id, START_LIMIT)
        finally:
            self._taken[vm_id] -= 1

    def hindrances(self, vm_id: VmId) -> AsyncIterator[str]:
        """Yield why nothing is heard of a VM, each time that changes; see `VmLinks.hindrances`."""
        return self._links.hindrances(vm_id)

    async def why_cut(self, vm_id: VmId, cut: CockpitError) -> CockpitError:
        """Return why a stream ended that nobody ended: what became of its VM, where that is the reason."""
        reason = self._links.hindrance(vm_id)
        seen: Look | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WHY_LIMIT):
                # A VM that is being deleted is on the list for a moment longer than its connections last.
                while not _tells(seen := await self._look(vm_id)) and not await self._links.heard(vm_id, LOOK_PAUSE):
                    pass
        if isinstance(seen, Missing):
            return Gone(f"{self._links.it(vm_id)} is gone, and what ran there with it: {seen.evidence}")
        if isinstance(seen, Found) and (power := seen.record.vm(0.0).power) not in (Power.RUNNING, Power.UNKNOWN):
            reason = f"{self._links.it(vm_id)} is {power.value}"
        if not reason or reason in cut.message:
            return cut
        return Dropped(f"{reason}; {cut.message}", hint=cut.hint)


def _tells(seen: Look) -> bool:
    """Say whether a look at a VM explains why nothing is heard of it."""
    return isinstance(seen, Missing) or (isinstance(seen, Found) and seen.record.vm(0.0).power is not Power.RUNNING)


class LentCommand:
    """Implements `cockpit.engine.port.LentCommand`."""

    def __init__(self, places: LivePlaces, vm_id: VmId) -> None:
        self._places = places
        self._vm_id = vm_id
        self._stack = contextlib.AsyncExitStack()
        self._live: LiveCommand | None = None

    async def start(self, workspace: str, words: tuple[str, ...], heard: Heard) -> None:
        """Start it in a directory, with the environment that the VM gives to whoever logs in."""
        connection = await self._stack.enter_async_context(self._places.connection(self._vm_id))
        live = LiveCommand(connection, heard, " ".join(words)[:80])
        try:
            await live.start(f"cd {shell_path(workspace)} || exit 1", words, wait=START_LIMIT)
        except BaseException:
            await self._stack.aclose()
            raise
        self._stack.push_async_callback(live.close)
        self._live = live

    @property
    def _command(self) -> LiveCommand:
        assert self._live is not None, "the command was not started"
        return self._live

    async def write(self, data: bytes) -> None:
        """Send bytes to its standard input."""
        await self._command.write(data)

    def write_eof(self) -> None:
        """End its standard input."""
        self._command.write_eof()

    def pause(self) -> None:
        """Let it wait with its output."""
        self._command.pause()

    def resume(self) -> None:
        """Take its output again."""
        self._command.resume()

    async def signal(self, name: str) -> None:
        """Send a signal to its process group."""
        await self._command.signal(name)

    async def wait(self, limit: float | None = None) -> int:
        """Return its exit code as a shell tells it."""
        try:
            async with asyncio.timeout(limit):
                end = await self._command.wait()
        except TimeoutError as error:
            await self._command.end()
            raise TimedOut(f"the command did not end within {limit:g} s and was ended") from error
        except Dropped as error:
            raise await self._places.why_cut(self._vm_id, error) from error
        return code_of(end.exit_status, end.signal)

    def hindrances(self) -> AsyncIterator[str]:
        """Yield why nothing is heard of it."""
        return self._places.hindrances(self._vm_id)

    async def end(self) -> None:
        """End it: TERM, then KILL."""
        with contextlib.suppress(CockpitError):
            await self._command.end()

    async def close(self) -> None:
        """Give its place back."""
        await self._stack.aclose()


class LentTerminal:
    """Implements `cockpit.engine.port.LentTerminal`."""

    def __init__(self, places: LivePlaces, vm_id: VmId, heard: Heard) -> None:
        self._places = places
        self._vm_id = vm_id
        self._heard = heard
        self._stack = contextlib.AsyncExitStack()
        self._process: RemoteProcess | None = None
        self._connection: Connection | None = None

    async def start(self, workspace: str, terminal: PseudoTerminal, colours: str, *, tmux: bool) -> None:
        """Start a login shell in a directory, or a client of the agent's tmux session that only looks on.

        Args:
            colours: the value of COLORTERM, or empty text.
        """
        script = _TERMINAL.format(place=shell_path(workspace))
        script += _LOOK.format(session=AGENT_SESSION) if tmux else _SHELL
        self._connection = await self._stack.enter_async_context(self._places.connection(self._vm_id))
        try:
            self._process = await self._connection.open_process(
                command_line(script, colours), self, wait=START_LIMIT, terminal=terminal
            )
        except BaseException:
            await self._stack.aclose()
            raise
        self._stack.push_async_callback(self._process.close)

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Pass on what the VM draws."""
        self._heard(data, stderr)

    def closed(self) -> None:
        """Nothing to do: `wait` tells."""

    @property
    def _running(self) -> RemoteProcess:
        assert self._process is not None, "the terminal was not started"
        return self._process

    async def write(self, data: bytes) -> None:
        """Send what was typed."""
        self._running.write(data)
        await self._running.drained()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the new size in cells."""
        self._running.resize(columns, rows)

    def pause(self) -> None:
        """Let the VM wait with what it draws."""
        self._running.pause()

    def resume(self) -> None:
        """Take what it draws again."""
        self._running.resume()

    async def wait(self) -> int:
        """Return the exit code of the shell as a shell tells it."""
        process = self._running
        await process.wait()
        if process.exit_status is None and process.signal is None:
            assert self._connection is not None
            reason = self._connection.close_reason
            cut = Dropped(
                reason.message if reason is not None else "the shell's stream ended without an exit code",
                hint="whether what ran in it goes on is unknown",
            )
            raise await self._places.why_cut(self._vm_id, cut)
        return code_of(process.exit_status, process.signal)

    def hindrances(self) -> AsyncIterator[str]:
        """Yield why nothing is heard of it."""
        return self._places.hindrances(self._vm_id)

    async def close(self) -> None:
        """Hang up, and give the place back."""
        await self._stack.aclose()


def code_of(exit_status: int | None, name: str | None) -> int:
    """Return an exit code as a shell tells it: 128 and the number of the signal that ended it."""
    if exit_status is not None:
        return exit_status
    known = getattr(signal, f"SIG{name}", None)
    return 128 + int(known) if isinstance(known, signal.Signals) else UNKNOWN_SIGNAL
