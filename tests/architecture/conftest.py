"""What the rules have read is let go of once all of them were asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture.sources import forget


@pytest.fixture(scope="package", autouse=True)
def trees() -> Iterator[None]:
    """Keep the trees for the tests of this folder, and no longer."""
    yield
    forget()
