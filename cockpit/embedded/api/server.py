"""The HTTP server under each application of the fleet: quiet, bounded as it stops, and without handlers of signals."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

SHUTDOWN_TIMEOUT = 3
"""Seconds that open requests and event streams get when the server stops."""


class ApiServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: its process has one place for signals."""

    def __init__(self, application: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals as they are."""
        yield
