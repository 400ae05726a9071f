"""The program that runs on the VM around an agent that prints lines, packed into one file that python3 runs."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib.resources import files

FILE = ".swarm/lines/agent.pyz"
"""Relative to the home directory on the VM."""

_PARTS = ("__main__.py", "guess.py", "patterns.py")
_PACKAGES = ("cockpit", "cockpit/agents", "cockpit/agents/lines")
_ENTRY = "from cockpit.agents.lines.__main__ import main\n\nmain()\n"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The same sources make the same bytes."""


@cache
def packed() -> bytes:
    """Return the archive."""
    here = files("cockpit.agents.lines")
    texts = {f"{package}/__init__.py": "" for package in _PACKAGES}
    texts |= {f"cockpit/agents/lines/{name}": here.joinpath(name).read_text(encoding="utf-8") for name in _PARTS}
    texts["__main__.py"] = _ENTRY
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
