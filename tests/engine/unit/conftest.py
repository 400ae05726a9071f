"""Every test of this folder runs in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.engine.unit.loop import VirtualTimeLoop


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let pytest-asyncio make loops whose time jumps."""
    return {"virtual": VirtualTimeLoop}
