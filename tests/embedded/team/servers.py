"""`cockpit serve --services-only` as a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.forked.command import forked

PATIENCE = 60


def command(*words: str) -> list[str]:
    """Return the command line of the verb."""
    return forked("serve", "--services-only", *words)


@contextlib.contextmanager
def served(root: Path, *words: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Serve a directory; yields the server's pid and what it said of itself."""
    process = subprocess.Popen(
        command("--root", str(root), "--json", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(root.parent)},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=PATIENCE)[1]
    pid = int((root / "serve.lock").read_text())
    try:
        yield pid, json.loads(line)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def refused(*words: str) -> str:
    """Return why the verb does not serve."""
    done = subprocess.run(command(*words), capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode != 0 and done.stdout == b""
    said = done.stderr.decode()
    assert "Traceback" not in said
    return said
