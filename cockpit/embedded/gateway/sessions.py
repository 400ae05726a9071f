"""The SSH server of one VM's connection: who may enter, and the commands that run in the sandbox."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import IO

import asyncssh
from asyncssh.channel import SSHChannel

from cockpit.embedded.gateway.files import SandboxFiles
from cockpit.embedded.gateway.key_agent import forwarded_agent
from cockpit.embedded.gateway.streams import forwarded
from cockpit.embedded.gateway.terminals import begin_on_terminal, set_size
from cockpit.embedded.gateway.walled_files import WalledFiles
from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox.launch import LaunchedProcess
from cockpit.embedded.sandbox.layout import login_shell
from cockpit.embedded.sandbox.sandbox import Sandbox

logger = logging.getLogger(__name__)

CHUNK = 131_072
"""Bytes moved at once between a command and its channel."""
LOGIN_TIMEOUT = 30.0
MAX_SESSIONS = 64
"""Commands at once on one connection; OpenSSH's default is 10, this only bounds a runaway client."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""The hosts that streams are forwarded to: sandboxes have no network of their own."""
MAX_EARLY_SIGNALS = 16
"""Signals kept for a command that has not started; more say nothing new."""
TERMINAL_FLUSH = 2.0
"""Seconds a terminal's last output may take after its shell ended."""

Process = asyncssh.SSHServerProcess[bytes]


class _OneKeyServer(asyncssh.SSHServer):
    """Lets in whoever has the VM's own key, under any user name."""

    def __init__(self, sessions: VmSessions, key: asyncssh.SSHKey) -> None:
        self._sessions = sessions
        self._key = key.public_data

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data == self._key

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Awaitable[asyncssh.SSHTCPSession[bytes]] | bool:
        """Forward streams to what listens on loopback, as an OpenSSH server does by default; to nowhere else."""
        return dest_host in LOOPBACK and forwarded(dest_host, dest_port)

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        """Carry back what connects to a port of this machine's loopback, as an OpenSSH server does by default."""
        return listen_host in ("", *LOOPBACK)

    def session_requested(self) -> VmSession | bool:
        return self._sessions.open()


class VmSession(asyncssh.SSHServerProcess[bytes]):
    """One channel. Signals and sizes are handed over at once, not behind input that nobody reads.

    A command takes a while to start; what its client sent meanwhile is handed over once it runs.
    """

    def __init__(
        self,
        start: Callable[[Process], None],
        files: Callable[[SSHChannel[bytes]], asyncssh.SFTPServer],
    ) -> None:
        super().__init__(start, files, 3, False)
        self._on_signal: Callable[[str], None] | None = None
        self._on_size: Callable[[int, int], None] | None = None
        self._early_signals: list[str] = []
        self._early_size: tuple[int, int] | None = None

    def forward_signals(self, forward: Callable[[str], None]) -> None:
        """Hand over signals from now on, and those that came before."""
        self._on_signal, early = forward, self._early_signals
        self._early_signals = []
        for name in early:
            forward(name)

    def forward_sizes(self, forward: Callable[[int, int], None]) -> None:
        """Hand over sizes from now on, and the last one that came before."""
        self._on_size = forward
        if self._early_size is not None:
            forward(*self._early_size)

    def subsystem_requested(self, subsystem: str) -> bool:
        """Only files are served beside commands."""
        return subsystem == "sftp"

    def signal_received(self, signal: str) -> None:
        """Pass a signal to the command."""
        if self._on_signal is not None:
            self._on_signal(signal)
        elif len(self._early_signals) < MAX_EARLY_SIGNALS:
            self._early_signals.append(signal)

    def break_received(self, msec: int) -> bool:
        """Treat a break as an interrupt."""
        self.signal_received("INT")
        return True

    def soft_eof_received(self) -> None:
        """Nothing: terminals are raw here."""

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Pass the terminal's size on."""
        if self._on_size is not None:
            self._on_size(width, height)
        else:
            self._early_size = (width, height)


class VmSessions:
    """The commands of one SSH connection to a VM."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._running: set[asyncio.Task[None]] = set()
        self._connection: asyncssh.SSHServerConnection | None = None

    async def serve(self, inner: socket.socket) -> None:
        """Speak SSH on a connected socket until it closes."""
        layout = self._sandbox.layout
        host_key = asyncssh.import_private_key(layout.host_key.read_text(encoding="ascii"))
        client_key = asyncssh.import_private_key(layout.client_key.read_text(encoding="ascii"))
        try:
            self._connection = await asyncssh.run_server(
                inner,
                server_factory=lambda: _OneKeyServer(self, client_key),
                server_host_keys=[host_key],
                encoding=None,
                line_editor=False,
                agent_forwarding=True,
                x11_forwarding=False,
                gss_host=None,
                password_auth=False,
                kbdint_auth=False,
                compression_algs=["none", "zlib@openssh.com"],
                login_timeout=LOGIN_TIMEOUT,
            )
        except (OSError, asyncssh.Error, TimeoutError) as error:
            logger.info("nobody was let into VM %s: %s", self._sandbox.vm_id, error)
            return
        await self._connection.wait_closed()

    async def finish(self, patience: float) -> None:
        """End all commands; return when they are gone or `patience` seconds have passed."""
        if self._connection is not None:
            self._connection.abort()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)

    def open(self) -> VmSession | bool:
        """Return the handler of a new channel, or False when there are too many."""
        if len(self._running) >= MAX_SESSIONS:
            return False
        return VmSession(self._start, self._serve_files)

    def _serve_files(self, channel: SSHChannel[bytes]) -> SandboxFiles | WalledFiles:
        assert isinstance(channel, asyncssh.SSHServerChannel)
        if self._sandbox.walled:
            return WalledFiles(channel, self._sandbox)
        return SandboxFiles(channel, self._sandbox.layout)

    def _start(self, process: Process) -> None:
        task = asyncio.create_task(self._run(process), name=f"command in VM {self._sandbox.vm_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, process: Process) -> None:
        """Run one command; whatever goes wrong stays inside it."""
        try:
            async with forwarded_agent(process.channel, self._sandbox.layout.temporary) as variables:
                run = _run_command if process.term_type is None else _run_terminal
                await run(self._sandbox, process, variables)
        except (OSError, asyncssh.Error, HostingError) as error:
            logger.warning("a command in VM %s failed: %s", self._sandbox.vm_id, error)
            _report_failure(process, str(error))
        except Exception:
            logger.exception("a session of VM %s failed", self._sandbox.vm_id)
            _report_failure(process, "the gateway failed, see its log")


def _report_failure(process: Process, reason: str) -> None:
    if not process.is_closing():
        process.stderr.write(f"{reason}\n".encode())
        process.exit(126)


def _shell_arguments(process: Process) -> list[str]:
    """Return what an SSH server runs: the login shell, with the command if there is one."""
    shell = login_shell()
    return [shell, "-c", process.command] if process.command is not None else [shell, "-l"]


def _client_environment(process: Process) -> dict[str, str]:
    environment = {str(name): str(value) for name, value in process.env.items()}
    if process.term_type:
        environment["TERM"] = process.term_type
    return environment


async def _run_command(sandbox: Sandbox, process: Process, variables: Mapping[str, str]) -> None:
    """Run a command on pipes."""
    stdin_read, stdin_write = os.pipe()
    stdout_read, stdout_write = os.pipe()
    stderr_read, stderr_write = os.pipe()
    theirs = (stdin_read, stdout_write, stderr_write)
    to_child = os.fdopen(stdin_write, "wb", buffering=0)
    ours = [os.fdopen(descriptor, "rb", buffering=0) for descriptor in (stdout_read, stderr_read)]
    try:
        child = await sandbox.launch(
            _shell_arguments(process),
            extra=_client_environment(process),
            variables=variables,
            stdin=stdin_read,
            stdout=stdout_write,
            stderr=stderr_write,
        )
    except BaseException:
        for file in (to_child, *ours):
            file.close()
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    _forward_signals(process, child)
    outputs = [
        _send_output(ours[0], process.stdout),
        _send_output(ours[1], process.stderr),
    ]
    await _attend(sandbox, process, child, _send_input(process, to_child), outputs)


async def _run_terminal(sandbox: Sandbox, process: Process, variables: Mapping[str, str]) -> None:
    """Run a command or a login shell on a pseudo-terminal of its own."""
    columns, rows = process.term_size[:2]
    reading, child = await begin_on_terminal(
        sandbox, _shell_arguments(process), _client_environment(process), variables, (columns, rows)
    )
    _forward_signals(process, child)
    writing = os.fdopen(os.dup(reading.fileno()), "wb", buffering=0)
    _forward_sizes(process, writing)
    outputs = [_send_output(reading, process.stdout)]
    await _attend(sandbox, process, child, _send_input(process, writing), outputs, TERMINAL_FLUSH)


def _forward_signals(process: Process, child: LaunchedProcess) -> None:
    def forward(name: str) -> None:
        number = getattr(signal, f"SIG{name}", None)
        if isinstance(number, signal.Signals):
            child.signal(number)

    if isinstance(process, VmSession):
        process.forward_signals(forward)


def _forward_sizes(process: Process, terminal: IO[bytes]) -> None:
    def resize(width: int, height: int) -> None:
        if not terminal.closed:
            set_size(terminal.fileno(), width, height)

    if isinstance(process, VmSession):
        process.forward_sizes(resize)


async def _attend(
    sandbox: Sandbox,
    process: Process,
    child: LaunchedProcess,
    input_flow: Awaitable[None],
    output_flows: Sequence[Awaitable[None]],
    flush: float | None = None,
) -> None:
    """Stay with a command until it ended and its output is sent, or its channel is closed.

    As with an OpenSSH server, a command that ended by itself leaves what it put into the background alone. One whose
    channel was closed is ended with its process group.
    """
    feeding = asyncio.ensure_future(input_flow)
    sending = asyncio.gather(*output_flows)
    closed = asyncio.ensure_future(process.channel.wait_closed())
    ending = asyncio.ensure_future(_ended(child, sending, flush))
    try:
        await asyncio.wait((closed, ending), return_when=asyncio.FIRST_COMPLETED)
        if ending.done() and not closed.done():
            _report_exit(process, ending.result())
    finally:
        if not ending.done():
            await child.hang_up(frozen=not sandbox.moving.is_set())
        for task in (feeding, sending, closed, ending):
            task.cancel()
        await asyncio.gather(feeding, sending, closed, ending, return_exceptions=True)
        sandbox.forget(child)


async def _ended(child: LaunchedProcess, sending: asyncio.Future[list[None]], flush: float | None) -> int:
    """Return the exit code once the output is sent, waiting `flush` seconds at most for it if given."""
    code = await asyncio.shield(child.exited)
    try:
        async with asyncio.timeout(flush):
            await asyncio.shield(sending)
    except TimeoutError:
        logger.debug("a background process keeps the terminal open")
    return code


def _report_exit(process: Process, code: int) -> None:
    if code >= 0:
        process.exit(code)
        return
    try:
        name = signal.Signals(-code).name
    except ValueError:
        # A realtime signal has no name: told as a shell tells it.
        process.exit(128 - code)
    else:
        process.exit_with_signal(name.removeprefix("SIG"), core_dumped=False)


class _OutputProtocol(asyncio.StreamReaderProtocol):
    """Reads a terminal to its end, which the kernel reports as an input/output error."""

    def connection_lost(self, exc: Exception | None) -> None:
        hung_up = isinstance(exc, OSError) and exc.errno == errno.EIO
        super().connection_lost(None if hung_up else exc)


async def _send_output(source: IO[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
    """Carry a command's output into its channel; the command waits when the channel is full."""
    reader = asyncio.StreamReader(limit=CHUNK)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: _OutputProtocol(reader), source)
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except (BrokenPipeError, ConnectionError, asyncssh.Error) as error:
        logger.debug("output was not wanted any more: %r", error)
    finally:
        transport.close()


async def _send_input(process: Process, target: IO[bytes]) -> None:
    """Carry a channel's input into a command; the channel's window closes when the command does not read."""
    transport, protocol = await asyncio.get_running_loop().connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), target
    )
    writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
    try:
        while data := await process.stdin.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except (BrokenPipeError, ConnectionError, asyncssh.Error) as error:
        logger.debug("input was not wanted any more: %r", error)
    finally:
        transport.close()
