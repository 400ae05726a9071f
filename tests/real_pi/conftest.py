"""The scripted model server that each pi of these tests asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mock_model.server import ModelServerThread


@pytest.fixture
def model() -> Iterator[ModelServerThread]:
    """The server, with the bodies of the requests it got."""
    with ModelServerThread() as server:
        yield server
