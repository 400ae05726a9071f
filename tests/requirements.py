"""What the real tests need: a missing program skips with a reason, or fails where the real thing is demanded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

EXTRA_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin")
"""sshd lives outside a plain user's PATH."""


def missing(reason: str) -> None:
    """Skip the test, or fail it when COCKPIT_REQUIRE_REAL=1 says that nothing may be skipped."""
    if os.environ.get("COCKPIT_REQUIRE_REAL") == "1":
        pytest.fail(f"COCKPIT_REQUIRE_REAL=1, but {reason}")
    pytest.skip(reason)


def require_program(name: str) -> Path:
    """Return the path of a program the test needs."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(EXTRA_DIRECTORIES))
    if found is None:
        missing(f"{name} is not installed")
        raise AssertionError("unreachable")
    return Path(found)
