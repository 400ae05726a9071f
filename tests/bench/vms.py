"""Many VMs on loopback: real OpenSSH servers that give every agent a home and a key of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import asyncssh
import psutil  # type: ignore[import-untyped]

from cockpit.model.ids import VmId
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.connection import CIPHERS, Connection
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.remote.ssh.read_batching import ReadBatching
from cockpit.remote.ssh.trust import HostKeyStore
from tests.bench.precedence import GivesWay
from tests.bench.table import family_seconds
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd
from tests.remote.waiting import until

ADDRESSES_EACH = 15
"""Further addresses of one sshd, which listens on at most sixteen."""

ROOMY = ("MaxStartups 1000", "MaxSessions 100")
"""Options of a server whose limits are not what is measured."""


class NumberedVms(ABC):
    """VMs of agents that are told apart by numbers from 0 on."""

    count: int
    """How many there are."""

    def vm_id(self, number: int) -> VmId:
        """Return an agent's VM."""
        return VmId(f"vm-{number:04}")

    def number(self, vm_id: VmId) -> int:
        """Return which agent a VM has."""
        return int(vm_id.removeprefix("vm-"))

    @abstractmethod
    def key(self, number: int) -> str:
        """Return an agent's private key."""

    @abstractmethod
    def endpoint(self, number: int) -> SshEndpoint:
        """Return where an agent's VM is."""


class VmAddresses(NumberedVms):
    """What another process needs to read agents behind one host."""

    def __init__(self, port: int, keys: Sequence[str]) -> None:
        """Take the host's port, and the agents' private keys in order."""
        self.port = port
        self.keys = tuple(keys)
        self.count = len(self.keys)

    @classmethod
    def read(cls, path: Path) -> VmAddresses:
        """Read what was written."""
        return cls(*json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Write it for another process."""
        path.write_text(json.dumps([self.port, self.keys]))

    def key(self, number: int) -> str:
        """Return an agent's private key."""
        return self.keys[number]

    def endpoint(self, number: int) -> SshEndpoint:
        """Return where an agent's VM is."""
        return SshEndpoint("127.0.0.1", self.port, _username(), self.vm_id(number))


class _Server(Sshd):
    """An sshd that listens on further loopback addresses and sets HOME by the key that is used."""

    def __init__(self, directory: Path, addresses: list[str], *options: str) -> None:
        super().__init__(directory, *options)
        listen = (f"ListenAddress {address}:{self.port}" for address in addresses)
        self._options = ("PermitUserEnvironment yes", *options, *listen)


class LoopbackVms(NumberedVms):
    """`count` agents, each with a home; behind one host, or each behind an address of its own."""

    def __init__(self, directory: Path, count: int, *options: str, own_addresses: bool = False) -> None:
        self.directory = directory
        self.count = count
        self._own_addresses = own_addresses
        addresses = [f"127.20.{number // 200}.{number % 200 + 1}" for number in range(count)] if own_addresses else []
        starts = range(0, count, ADDRESSES_EACH) if own_addresses else range(1)
        self._servers = [
            _Server(directory / f"sshd{start}", addresses[start : start + ADDRESSES_EACH], *options) for start in starts
        ]
        self._addresses = addresses
        self._keys: list[str] = []
        self._key_files: list[Path] = []
        self._make_agents()

    def _make_agents(self) -> None:
        lines: list[str] = []
        for number in range(self.count):
            (self.home(number) / "pi-rpc").mkdir(parents=True)
            key = asyncssh.generate_private_key("ssh-ed25519")
            self._keys.append(key.export_private_key("openssh").decode())
            public = key.export_public_key("openssh").decode().strip()
            lines.append(f'environment="HOME={self.home(number)}" {public}')
            path = self.directory / f"key{number}"
            path.touch(mode=0o600)
            path.write_text(self._keys[-1])
            self._key_files.append(path)
        for server in self._servers:
            (server.directory / "authorized_keys").write_text("\n".join((*lines, "")))

    def server(self, number: int) -> Sshd:
        """Return the sshd that serves an agent."""
        return self._servers[number // ADDRESSES_EACH if self._own_addresses else 0]

    def home(self, number: int) -> Path:
        """Return an agent's home directory."""
        return self.directory / "homes" / str(number)

    def out(self, number: int) -> Path:
        """Return an agent's output file."""
        return self.home(number) / "pi-rpc" / "out"

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Have every agent be alive for the time of the block: a process that has its FIFO as standard input."""
        held: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(self.count):
                place = self.home(number) / "pi-rpc"
                os.mkfifo(place / "in", 0o600)
                fifo = os.open(place / "in", os.O_RDWR)
                held.append(subprocess.Popen(["sleep", "infinity"], stdin=fifo))
                os.close(fifo)
                (place / "pid").write_text(f"{held[-1].pid}\n")
                (place / "run").write_text(f"bench-{number}\n")
            yield
        finally:
            for process in held:
                process.kill()
                process.wait()

    def outs(self) -> tuple[str, ...]:
        """Return the output files of all agents."""
        return tuple(str(self.out(number)) for number in range(self.count))

    def key(self, number: int) -> str:
        """Return an agent's private key."""
        return self._keys[number]

    def addresses(self) -> VmAddresses:
        """Return what another process needs to read these agents."""
        assert not self._own_addresses, "they stand behind several hosts"
        return VmAddresses(self.server(0).port, self._keys)

    def key_file(self, number: int) -> Path:
        """Return the file with an agent's private key."""
        return self._key_files[number]

    def endpoint(self, number: int) -> SshEndpoint:
        """Return where an agent's VM is."""
        host = self._addresses[number] if self._own_addresses else "127.0.0.1"
        return SshEndpoint(host, self.server(number).port, _username(), self.vm_id(number))

    def connection(
        self,
        number: int,
        host_keys: HostKeyStore | None = None,
        connect_limit: ConnectLimit | None = None,
        read_batching: ReadBatching | None = None,
        *,
        compression: bool = True,
    ) -> Connection:
        """Return a connection to an agent's VM that is not open yet."""
        return Connection(
            self.endpoint(number),
            self.key(number),
            host_keys if host_keys is not None else MemoryHostKeys(),
            connect_limit=connect_limit,
            read_batching=read_batching,
            compression=compression,
        )

    async def bare_connection(
        self, number: int, *, port: int | None = None, compression: bool = False, keepalive: tuple[float, int] = (0, 3)
    ) -> asyncssh.SSHClientConnection:
        """Open a connection with asyncssh alone, as plainly as it can be done."""
        endpoint = self.endpoint(number)
        return await asyncssh.connect(
            endpoint.host,
            port or endpoint.port,
            username=endpoint.username,
            client_keys=[asyncssh.import_private_key(self.key(number))],
            known_hosts=None,
            agent_path=None,
            config=[],
            encryption_algs=list(CIPHERS),
            compression_algs=["zlib@openssh.com"] if compression else ["none"],
            keepalive_interval=keepalive[0],
            keepalive_count_max=keepalive[1],
        )

    def ssh_words(self, number: int, *options: str, port: int | None = None) -> list[str]:
        """Return the words of an OpenSSH client call, without the remote command."""
        endpoint = self.endpoint(number)
        return [
            "ssh",
            *("-F", "/dev/null", "-i", str(self.key_file(number)), "-p", str(port or endpoint.port)),
            *("-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
            *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
            *options,
            f"{endpoint.username}@{endpoint.host}",
        ]

    def start(self) -> None:
        """Start the servers."""
        for server in self._servers:
            server.start()

    def give_way(self, group: GivesWay) -> None:
        """Have the servers and what they start let others go first: VMs are machines of their own."""
        for server in self._servers:
            group.take(int((server.directory / "sshd.pid").read_text()))

    def stop(self) -> None:
        """End the servers and everything below them."""
        for server in self._servers:
            server.stop()

    def processes(self) -> list[psutil.Process]:
        """Return every process on the VMs' side, the listeners left out."""
        return [process for server in self._servers for process in server.family()]

    def server_seconds(self) -> float:
        """Return the processor seconds of the VMs' side so far."""
        return family_seconds(self.processes())


def _username() -> str:
    return str(psutil.Process().username())


@contextlib.contextmanager
def loopback_vms(count: int, *options: str, own_addresses: bool = False) -> Iterator[LoopbackVms]:
    """Run VMs for the time of the block, in a directory that is removed afterwards."""
    # A benchmark that is ended must end its servers, too.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_scratch(), ignore_cleanup_errors=True) as name:
        vms = LoopbackVms(Path(name), count, *(options or ROOMY), own_addresses=own_addresses)
        try:
            vms.start()
            yield vms
        finally:
            vms.stop()
            signal.signal(signal.SIGTERM, before)


def _scratch() -> str:
    return os.environ.get("TMPDIR", "/tmp")


def _serving() -> bool:
    return any("Relay._serve" in repr(task.get_coro()) for task in asyncio.all_tasks())


@contextlib.asynccontextmanager
async def relayed(vms: LoopbackVms) -> AsyncIterator[Relay]:
    """Run a relay before the VMs' first server; its connections have ended when the block has."""
    async with Relay(vms.server(0).port) as relay:
        try:
            yield relay
        finally:
            relay.thaw()
            relay.cut()
            with contextlib.suppress(AssertionError):
                await until(lambda: not _serving(), 5)
