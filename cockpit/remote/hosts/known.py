"""Whether a host shows a key that OpenSSH's `known_hosts`, or the operator here, trusts; anything else is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import asyncssh

from cockpit.remote.errors import HostKeyChanged, HostKeyRefused
from cockpit.remote.hosts.host import DEFAULT_PORT
from cockpit.remote.ssh.client import SshClient
from cockpit.remote.ssh.host_keys import HostKeyCheck, key_line
from cockpit.remote.ssh.trust import HostKeyStore

log = logging.getLogger(__name__)

REVOKED = "@revoked"


class KnownKeys(asyncssh.SSHKnownHosts):
    """What files of known hosts say. A key that is revoked for a place is so at each of its ports."""

    def __init__(self) -> None:
        super().__init__()
        self._revoked = asyncssh.import_known_hosts("")

    def take(self, line: str) -> None:
        """Take one line.

        Raises:
            ValueError: it is none of a file of known hosts.
        """
        self.load(line)
        if line.split(None, 1)[:1] == [REVOKED]:
            self._revoked.load(line.strip().removeprefix(REVOKED))

    def match(self, host: str, addr: str, port: int | None) -> Any:
        """Return what is known of a place: trusted keys, trusted authorities, revoked keys, and more."""
        trusted, authorities, revoked, *others = super().match(host, addr, port)
        named = [key for at in {port, None} for key in self._revoked.match(host, addr, at)[0]]
        return (trusted, authorities, [*revoked, *named], *others)


def read_known(files: Iterable[str]) -> KnownKeys:
    """Read files of known hosts as OpenSSH does: one that is missing is empty, a line that is none is left out.

    Raises:
        OSError: one cannot be read: a key that it revokes would pass.
    """
    known = KnownKeys()
    for file in files:
        path = Path(file).expanduser()
        try:
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            try:
                known.take(line)
            except ValueError as error:
                log.warning("%s, line %d is no known host: %s", path, number, error)
    return known


class KnownHostsCheck(HostKeyCheck):
    """The verdict of one attempt; asyncssh asks only where `known_hosts` does not have the key that is shown."""

    def __init__(self, identity: str, store: HostKeyStore, *, trusts_here: bool = True) -> None:
        """Prepare.

        Args:
            identity: the name of the place here, for messages and for the store.
            store: keys the operator trusted here.
            trusts_here: whether an order here can trust a key.
        """
        super().__init__(identity, store)
        self._host = identity
        self._trusts_here = trusts_here
        self.known_hosts = KnownKeys()
        self.authority = ""
        """The fingerprint of the authority of a certificate that is not trusted; empty for none."""

    def accepts_at(self, host: str, address: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether a key may be used that `known_hosts` does not have for the place; a refusal is kept."""
        if key in self._known:
            return True
        found = self.known_hosts.match(host, address, None if port == DEFAULT_PORT else port)[0]
        pinned = tuple(dict.fromkeys(known.get_fingerprint() for known in (*found, *self._known)))
        offered = key.get_fingerprint()
        place = host if port == DEFAULT_PORT else f"[{host}]:{port}"
        if pinned:
            said = f"{self._host} shows host key {offered}, but {' or '.join(pinned)} is known for it: refused"
            by_order = "`cockpit trust-host-key AGENT`, or " if self._trusts_here else ""
            way = f"{by_order}`ssh-keygen -R '{place}'` and `ssh` to it once"
            hint = f"if you know why the key changed: {way}; if not, somebody may be in between"
        else:
            said = f"{self._host} shows host key {offered}, and known_hosts has none for {place}: refused"
            hint = "compare the key with the host's own, and let `ssh` connect to it once: that writes it down"
        self.conflict = HostKeyChanged(
            said, hint=hint, identity=self._host, pinned=pinned, offered=offered, offered_key=key_line(key)
        )
        return False

    def refusal_of(self, said: str) -> HostKeyRefused:
        """Return what to tell of a key, or a certificate, that no order here makes good.

        Args:
            said: the library's words.
        """
        said = said.partition(" for host ")[0]
        if "revoked" in said:
            what = "a certificate of an authority" if "CA" in said else "a host key"
            return HostKeyRefused(
                f"{self._host} shows {what} that known_hosts marks as {REVOKED}: refused",
                hint="it was given up on purpose: the host needs another one; ask who keeps it, and leave that line",
            )
        if self.authority:
            return HostKeyRefused(
                f"{self._host} shows a certificate of authority {self.authority}, which known_hosts does not trust: "
                "refused",
                hint="if it is yours: a line `@cert-authority PATTERN KEY` in known_hosts trusts it",
            )
        return HostKeyRefused(
            f"{self._host} shows a host key that cannot be trusted: {said}",
            hint="`ssh -v` to it says more; its certificate may be over, or made for another name",
        )


class KnownHostsClient(SshClient):
    """The owner of a connection to a plain host."""

    def __init__(self, check: KnownHostsCheck, lost: Callable[[Exception | None], None]) -> None:
        super().__init__(check, lost)
        self._known = check

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Say whether a key is the host's that its `known_hosts` does not have."""
        return self._known.accepts_at(host, addr, port, key)

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Trust no authority that `known_hosts` does not have, and remember which one it was."""
        self._known.authority = key.get_fingerprint()
        return False
