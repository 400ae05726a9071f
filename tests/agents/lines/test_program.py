"""The program as it is sent: packed into one file, run by python3 around a real shell script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pytest

from cockpit.agents.lines.decode import LinesDecoder
from cockpit.agents.lines.packed import packed
from cockpit.model import events as ev
from cockpit.model.own.described import DescribedAgent
from tests.fleets import poll

SCRIPT = r"""
while IFS= read -r line; do
    case $line in
    ask) printf 'really? '; read -r yes; echo "you said $yes" ;;
    die) exit 3 ;;
    *) echo "got ${#line}" ;;
    esac
    echo '== done'
done
"""
LIMIT = 60.0


class Running:
    """The program, with what it has said so far."""

    def __init__(self, directory: Path, described: DescribedAgent) -> None:
        archive, file = directory / "agent.pyz", directory / "shell.json"
        archive.write_bytes(packed())
        file.write_text(json.dumps({"name": "shell", **asdict(described)}))
        environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        self.out = directory / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", archive, file],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.PIPE,
                env=environment,
            )

    def tell(self, **record: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n" + json.dumps(record).encode() + b"\n")
        self.process.stdin.flush()

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_bytes().split(b"\n")[:-1]]

    def until(self, condition: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        poll(lambda: condition(self.records()), f"what was wanted of {self.out}", LIMIT)
        return self.records()

    def end(self) -> None:
        stdin: IO[bytes] | None = self.process.stdin
        if stdin is not None:
            stdin.close()
        self.process.wait(LIMIT)
        if self.process.stderr is not None:
            self.process.stderr.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[DescribedAgent], Running]]:
    running: list[Running] = []

    def start(described: DescribedAgent) -> Running:
        running.append(Running(tmp_path, described))
        return running[-1]

    yield start
    for one in running:
        one.end()


def count(kind: str) -> Callable[[list[dict[str, Any]]], int]:
    return lambda records: sum(record["type"] == kind for record in records)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_shell_script_is_prompted_asks_is_answered_and_ends(
    started: Callable[[DescribedAgent], Running], terminal: bool
) -> None:
    described = DescribedAgent(("sh", "-c", SCRIPT), asking=r"\? $", done="^== done", terminal=terminal)
    running = started(described)
    running.tell(type="state", id="s")
    running.tell(type="prompt", id="p1", text="x" * 20_000)
    records = running.until(lambda records: count("settled")(records) == 1)
    assert "got 20000\n" in records[-2]["text"], "a line longer than a terminal's is read whole"
    running.tell(type="prompt", id="p2", text="ask")
    asks = running.until(lambda records: count("asks")(records) == 1)[-1]
    running.tell(type="answer", id="a", dialog=asks["id"], value="yes")
    records = running.until(lambda records: count("settled")(records) == 2)
    assert "you said yes\n" in records[-2]["text"]
    running.tell(type="prompt", id="p3", text="die")
    assert running.process.wait(LIMIT) == 3
    said = [LinesDecoder().decode(line) for line in running.out.read_bytes().split(b"\n")[:-1]]
    assert not [event for event in said if isinstance(event, ev.UnknownEvent | ev.BrokenLine)]
    assert [event.text for event in said if isinstance(event, ev.MessageStarted)] == ["x" * 20_000, "ask", "die"]
    again = started(described)
    again.tell(type="prompt", id="p4", text="ask")
    records = again.until(lambda records: count("asks")(records) == 1)
    assert records[-1]["id"] != asks["id"], "an answer that is remembered is no answer to what another process asks"


def test_a_command_that_is_not_there_is_named_with_what_to_do(started: Callable[[DescribedAgent], Running]) -> None:
    running = started(DescribedAgent(("no-such-program",)))
    assert running.process.wait(LIMIT) == 127 and running.process.stderr is not None
    said = running.process.stderr.read().decode()
    assert "[agents.shell] command: no-such-program" in said and "config.toml" in said
