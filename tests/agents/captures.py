"""The recorded output of real agents: what the decoder and the scripted agent are held against."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.agents.framing import LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.model.events import Event

DIRECTORY = Path(__file__).parent.parent / "data" / "pi-rpc"
NAMES = sorted(path.name for path in DIRECTORY.glob("*.jsonl*"))


def read(name: str) -> bytes:
    """Return the bytes of a capture."""
    path = DIRECTORY / name
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def lines(name: str) -> list[bytes]:
    """Return the lines of a capture."""
    return [line.data for line in LineSplitter().feed(read(name))]


def objects(name: str) -> Iterator[dict[str, Any]]:
    """Parse a capture with nothing but the standard library; lines that are no objects are left out."""
    for line in read(name).split(b"\n"):
        try:
            parsed = json.loads(line)
        except ValueError:
            continue
        if isinstance(parsed, dict):
            yield parsed


def events(name: str) -> list[Event]:
    """Decode a capture."""
    decoder = PiDecoder()
    return [decoder.decode(line) for line in lines(name)]
