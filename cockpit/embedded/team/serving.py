"""`cockpit serve --services-only`: the services alone, in the foreground, for everybody who has the token."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cockpit.embedded.endpoint import FLEET_SIGNS, held_lock, lock_file
from cockpit.embedded.log_file import open_log
from cockpit.embedded.services import listen, read_token, serve
from cockpit.embedded.team.address import BindAddress
from cockpit.embedded.team.certificate import ShownCertificate, given_certificate, own_certificate
from cockpit.errors import ConfigError, UsageError
from cockpit.paths import own_directory, write_private

TOKEN_BYTES = 32
OTHERS = stat.S_IROTH | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class TeamServer:
    """How a team's services are served."""

    root: Path
    address: BindAddress
    token_file: Path | None
    """The token; None makes one in the directory and keeps it."""
    certificate: Path | None
    key: Path | None
    self_signed: bool


@dataclass(frozen=True, slots=True)
class ServedPlace:
    """What others need to know of a server that listens."""

    url: str
    token_file: Path
    fingerprint: str
    """Of its certificate; empty where it speaks in the clear, on loopback."""
    certificate: Path | None


class TeamServing:
    """A server that listens; `run` serves until it is told to stop."""

    def __init__(self, how: TeamServer, stack: contextlib.ExitStack) -> None:
        """Take the directory, the token, the certificate and the port.

        Args:
            how: the settings.
            stack: what holds the directory's lock, the log and the port.

        Raises:
            ConfigError: a file, the directory or the port cannot be used.
            UsageError: it would be reached from elsewhere in the clear.
        """
        shown = self._certificate(how, check_only=True)
        own_directory(how.root, FLEET_SIGNS)
        if not stack.enter_context(held_lock(lock_file(how.root))):
            raise ConfigError(f"{how.root} is served already", hint="stop that server, or give another --root")
        self._token_file = how.token_file or _own_token(how.root)
        self._token = _token(self._token_file)
        shown = self._certificate(how)
        self._tls = shown.files if shown else None
        self._listener = stack.enter_context(listen(how.address.host, how.address.port))
        address = BindAddress(how.address.host, self._listener.getsockname()[1])
        self._records = how.root / "records.sqlite"
        handler = open_log(how.root)
        stack.callback(handler.close)
        stack.callback(logging.getLogger().removeHandler, handler)
        self.opened = ServedPlace(
            address.url("https" if shown else "http"),
            self._token_file,
            shown.fingerprint if shown else "",
            shown.files.certificate if shown else None,
        )

    def _certificate(self, how: TeamServer, *, check_only: bool = False) -> ShownCertificate | None:
        if (how.certificate is None) != (how.key is None):
            raise UsageError("--certificate and --key go together")
        if how.certificate is not None and how.key is not None:
            return given_certificate(how.certificate, how.key)
        if how.self_signed:
            return None if check_only else own_certificate(how.root / "tls", how.address.host)
        if not how.address.is_loopback:
            raise UsageError(
                f"{how.address.host} is reached from elsewhere, and without TLS the token would travel in the clear",
                hint="add --certificate FILE --key FILE, or --self-signed; or bind 127.0.0.1",
            )
        return None

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ConfigError: the records cannot be used.
        """
        asyncio.run(serve(self._listener, self._token, self._records, self._tls))


def _own_token(root: Path) -> Path:
    file = root / "token"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(TOKEN_BYTES))
    return file


def _token(file: Path) -> str:
    token = read_token(file)
    if file.stat().st_mode & OTHERS:
        raise ConfigError(f"the token in {file} can be read by every user of this machine", hint=f"chmod 600 {file}")
    return token
