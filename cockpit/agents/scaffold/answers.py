"""What the scaffold's scripts answer, and the errors their ends stand for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from cockpit.agents.scaffold.layout import ScriptExit
from cockpit.agents.scaffold.scripts import BEGIN, END
from cockpit.errors import CockpitError, NotFound, Refused, TimedOut

DIGITS = 18
"""Digits a number may have: more is no number of ours."""


class AgentState(StrEnum):
    """Whether an agent's process is there."""

    ALIVE = "alive"
    DEAD = "dead"
    ABSENT = "absent"
    """No agent was ever started in this directory."""


@dataclass(frozen=True, slots=True)
class StartResult:
    """An agent that runs."""

    run_id: str
    """Empty for an adopted agent that another tool started."""
    mode: str
    """`tmux` or `detached`; a detached agent cannot be attached to."""
    adopted: bool
    pid: int | None
    program: str = ""
    earlier: str = ""
    """Where the files of another agent, that the image brought, were moved; empty if there were none."""
    errors: tuple[str, ...] = ()
    """The last lines of `err`, as the agent wrote them: hostile until sanitised."""
    note: str = ""
    """What tmux said when it was there but did not work."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What is known of an agent's process."""

    state: AgentState
    run_id: str = ""
    mode: str = ""
    program: str = ""
    path: str = ""
    """Where the program was when it was started, and what it said of itself; empty for one another tool started."""
    version: str = ""
    model: str = ""
    """The model that was asked for, empty for the program's own choice."""
    golden: str = ""
    """The commit its VM was made from, as its first start wrote it down; empty if from none."""
    prompt: str = ""
    """What its start did with the program's own system prompt, in the starter's word; empty if it only added to it."""
    permissions: str = ""
    """What its start allowed it to do unasked, in a word of its kind; empty if it was left to it."""
    reports: str = ""
    """Who reports for it, in the starter's word; empty for one that another tool started."""
    beats: str = ""
    """What gives the registry its signs of life from the VM; empty where nothing was set up for that."""
    started_at: float | None = None
    """Unix seconds by the VM's clock."""
    pid: int | None = None
    exit_code: int | None = None
    """None while it lives, and when it ended without anybody to write it down (a killed VM)."""
    errors: tuple[str, ...] = ()
    """The last lines of `err`, as the agent wrote them: hostile until sanitised."""
    out_size: int = 0
    """Bytes."""
    started_ago: float | None = None
    """Seconds, by the VM's own clock, as the other two."""
    ended_ago: float | None = None
    """Since its end was written down; None if nobody did."""
    written_ago: float | None = None
    """Since its output was last written."""
    fifo: bool = True
    """The FIFO is there; of an agent that lives without one only its process is left."""
    keeper: bool = True
    """Somebody holds the FIFO open for writing."""
    session: bool = True
    """Its tmux session is there, and the keeper's; nobody misses them where it was started without tmux."""
    keeper_session: bool = True
    disk_left: int | None = None
    """Bytes left where its files and its workspace are, whichever is less."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """A payload that is in the FIFO as a whole; the agent's answer tells whether it was accepted."""

    size: int
    """Bytes, the leading LF included."""


@dataclass(frozen=True, slots=True)
class StopResult:
    """An agent that runs no more."""

    stopped: bool
    """False if none ran."""
    exit_code: int | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a VM has."""

    programs: Mapping[str, str]
    """Name to path, of those that exist: the agent's own, tmux, node, perl, python3, flock, setsid, timeout, git."""
    versions: Mapping[str, str]
    """What the agent's program, `node` and `tmux` say of themselves."""
    path: str
    """The PATH that was searched."""
    home: str = ""


def parse_start(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> StartResult:
    """Read what a start script said.

    Raises:
        CockpitError: the agent does not run; says why, with the last lines of its standard error.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("start the agent", place, exit_code, answer, stderr)
    run = answer.run()
    adopted = answer.value("adopted") == "1"
    return StartResult(
        run_id=run.get("run", ""),
        mode=run.get("mode", "") or answer.value("session"),
        adopted=adopted,
        pid=answer.number("pid"),
        program=run.get("program", ""),
        note=answer.value("note"),
        earlier=answer.value("earlier"),
        errors=answer.errors,
    )


def parse_probe(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> ProbeResult:
    """Read what a probe script said.

    Raises:
        CockpitError: the script did not come to its end; nothing is known then.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("look for the agent", place, exit_code, answer, stderr)
    run = answer.run()
    try:
        state = AgentState(answer.value("state"))
    except ValueError:
        fail("look for the agent", place, exit_code, None, f"it said {answer.value('state')[:40]!r}".encode())
    now = answer.number("now")

    def ago(at: float | None) -> float | None:
        return max(0.0, now - at) if at is not None and now is not None else None

    started_at = _moment(run.get("started_at", ""))
    session = answer.value("session")
    detached = run.get("mode", "") == "detached"
    left = answer.number("disk")
    return ProbeResult(
        state=state,
        run_id=run.get("run", ""),
        mode=run.get("mode", "") or (session if session == "tmux" else ""),
        program=run.get("program", ""),
        path=run.get("path", ""),
        version=run.get("version", ""),
        model=run.get("model", ""),
        golden=run.get("golden", ""),
        prompt=run.get("prompt", ""),
        permissions=run.get("permissions", ""),
        reports=run.get("reports", ""),
        beats=run.get("beats", ""),
        started_at=started_at,
        pid=answer.number("pid"),
        exit_code=None if state is AgentState.ALIVE else answer.number("exit"),
        errors=answer.errors,
        out_size=answer.number("size") or 0,
        started_ago=ago(started_at),
        ended_ago=None if state is AgentState.ALIVE else ago(answer.number("ended")),
        written_ago=ago(answer.number("written")),
        fifo=answer.value("fifo") != "0",
        keeper=answer.value("keeper") != "0",
        session=detached or session != "none",
        keeper_session=detached or answer.value("keeper_session") != "none",
        disk_left=left * 1024 if left is not None else None,
    )


def parse_send(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> SendResult:
    """Read what a send script said.

    Raises:
        Refused: nobody reads: the agent is dead.
        TimedOut: the agent does not read, or another writer held the lock.
        CockpitError: something else; the message says whether a part may have been written.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("write to the agent", place, exit_code, answer, stderr)
    return SendResult(answer.number("written") or 0)


def parse_stop(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> StopResult:
    """Read what a stop script said.

    Raises:
        CockpitError: the agent still runs.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        if exit_code == ScriptExit.NOT_READ:
            raise TimedOut(f"the agent on {place} still runs after KILL", hint="look at its processes with ps")
        fail("stop the agent", place, exit_code, answer, stderr)
    return StopResult(answer.value("stopped") == "1", answer.number("exit"), answer.run().get("run", ""))


def parse_facts(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> Facts:
    """Read what a facts script said.

    Raises:
        CockpitError: the script did not come to its end.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("look for programs", place, exit_code, answer, stderr)
    return Facts(
        programs={key[4:]: value for key, value in answer.values.items() if key.startswith("has_")},
        versions={key[8:]: value for key, value in answer.values.items() if key.startswith("version_")},
        path=answer.value("path"),
        home=answer.value("home"),
    )


@dataclass(frozen=True, slots=True)
class ScriptAnswer:
    """The `key=value` lines of a script between its two marks."""

    values: Mapping[str, str]
    errors: tuple[str, ...]

    @staticmethod
    def read(stdout: bytes) -> ScriptAnswer | None:
        """Return the answer, or None if it was cut or there was none."""
        lines = stdout.split(b"\n")
        begin, end = BEGIN.encode(), END.encode()
        if begin not in lines or end not in lines[lines.index(begin) :]:
            return None
        start = lines.index(begin)
        values: dict[str, str] = {}
        errors: list[str] = []
        for line in lines[start + 1 : lines.index(end, start)]:
            key, separator, value = line.decode("utf-8", "replace").partition("=")
            if key == "error":
                errors.append(value)
            elif separator:
                values[key] = value
        return ScriptAnswer(values, tuple(errors))

    def value(self, key: str) -> str:
        """Return a value, or empty text."""
        return self.values.get(key, "")

    def number(self, key: str) -> int | None:
        """Return a value as a number, or None where there is none."""
        text = self.value(key).strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None

    def run(self) -> dict[str, str]:
        """Return the facts of the run as text; empty if there are none or the file was cut by a full disk."""
        try:
            facts = json.loads(self.value("run") or "{}")
        except (ValueError, RecursionError):
            return {}
        return {str(key): str(value) for key, value in facts.items()} if isinstance(facts, dict) else {}


def _moment(text: str) -> float | None:
    """Return unix seconds; None for what is no number: the agent can write the file they come from."""
    try:
        at = float(text)
    except ValueError:
        return None
    return at if math.isfinite(at) else None


_REASONS: Mapping[int, tuple[type[CockpitError], str, str]] = {
    ScriptExit.NOT_PRIVATE: (
        Refused,
        "its directory is a link, belongs to somebody else, or cannot be made",
        "remove it there, or configure another directory",
    ),
    ScriptExit.INPUT_INCOMPLETE: (
        CockpitError,
        "the connection dropped before everything arrived; nothing was done",
        "retry",
    ),
    ScriptExit.ENDED_AT_ONCE: (Refused, "it ended at once", "its last words say why"),
    ScriptExit.NO_TMUX: (NotFound, "tmux is absent or does not work there", "install tmux there"),
    ScriptExit.NOT_STARTED: (
        TimedOut,
        "its process did not come up in time",
        "look at the load there, then retry",
    ),
    ScriptExit.NO_READER: (
        Refused,
        "nobody reads its FIFO: the agent is dead; nothing was written",
        "relaunch it",
    ),
    ScriptExit.NOT_READ: (
        TimedOut,
        "it does not read its input; a part may have been written",
        "it is stuck: abort it, or relaunch it",
    ),
    ScriptExit.LOCKED: (TimedOut, "another writer held the lock for too long; nothing was written", "retry"),
    ScriptExit.READER_LEFT: (
        Refused,
        "the agent ended while it was written to",
        "relaunch it, then look what arrived",
    ),
}


def fail(what: str, place: str, exit_code: int, answer: ScriptAnswer | None, stderr: bytes) -> NoReturn:
    """Raise the error a script's end stands for."""
    head = f"could not {what} on {place}: "
    said = answer.value("note") if answer else ""
    if answer is not None and exit_code == ScriptExit.PROGRAM_MISSING:
        raise NotFound(
            head + f"the agent's program is not there: `command -v` found nothing in {answer.value('path')}",
            hint="install it there, or name its full path",
        )
    if answer is not None and exit_code == ScriptExit.FILE_MISSING:
        raise NotFound(head + f"{answer.value('missing')} is not there", hint="write it first")
    if answer is not None and exit_code in _REASONS:
        kind, reason, hint = _REASONS[exit_code]
        code = answer.number("exit") if exit_code == ScriptExit.ENDED_AT_ONCE else None
        reason += f" with exit code {code}" if code is not None else ""
        last = "\n".join(answer.errors)
        raise kind(head + reason + (f" [{said}]" if said else "") + (f"\n{last}" if last else ""), hint=hint)
    words = stderr.decode("utf-8", "replace").strip()[-2000:] or "it said nothing"
    raise CockpitError(head + f"the script ended with code {exit_code} before its end: {words}", hint="retry")
