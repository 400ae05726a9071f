"""The HTTP server under each application of the fleet: quiet, bounded as it stops, and without handlers of signals."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

SHUTDOWN_TIMEOUT = 3
"""Seconds that open requests and event streams get when the server stops."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate and its key, as PEM."""

    certificate: Path
    key: Path


class ApiServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: its process has one place for signals."""

    def __init__(self, application: Starlette, tls: TlsFiles | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
                ssl_certfile=tls.certificate if tls else None,
                ssl_keyfile=tls.key if tls else None,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals as they are."""
        yield
