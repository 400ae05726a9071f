"""The scripted agent's tools, which are real: commands run, files are written, notes go to the board and the feed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cockpit.embedded.scripted_agent.paths import make_parents
from cockpit.embedded.scripted_agent.service import call
from cockpit.processes import started

UPDATE_INTERVAL = 0.1
"""Seconds between two snapshots of a command's output."""
OUTPUT_LIMIT = 50_000
"""Bytes of output kept: the last ones, and at most `OUTPUT_LINES` lines."""
OUTPUT_LINES = 2000
PIPE_GRACE = 0.5
"""Seconds to read what a finished command left in its pipe."""
FILE_LIMIT = 256 * 1024
"""Bytes of a file that is read or edited at most."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool call came to."""

    text: str
    is_error: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """The result on the wire; there are no details where none are given."""
        content = {"content": [{"type": "text", "text": self.text}]}
        return {**content, "details": self.details} if self.details or self.is_error else content


class Shells:
    """Runs shell commands, each in a process group of its own, and ends them all when the agent ends."""

    def __init__(self) -> None:
        self._groups: set[int] = set()

    async def run(
        self,
        command: str,
        stop: asyncio.Event,
        on_output: Callable[[str], None],
        interval: float = UPDATE_INTERVAL,
    ) -> tuple[str, int | None, bool]:
        """Run a command to its end, or until `stop` is set.

        Returns:
            the output (its tail, if it is long), the exit code (None if it was stopped), and whether it was cut.
        """
        process = await started(
            *("bash", "-c", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._groups.add(process.pid)
        kept = _Tail()
        stopping = asyncio.create_task(stop.wait())
        reading = asyncio.create_task(self._read(process, kept, on_output, interval))
        exiting = asyncio.create_task(process.wait())
        tasks = {stopping, reading, exiting}
        try:
            await asyncio.wait((stopping, exiting), return_when=asyncio.FIRST_COMPLETED)
            stopped = not exiting.done()
            if not stopped:
                # A child in the background may hold the pipe open; the command itself is over.
                await asyncio.wait((stopping, reading), timeout=PIPE_GRACE, return_when=asyncio.FIRST_COMPLETED)
            self._kill(process.pid)
            code = await exiting
            await asyncio.wait((reading,), timeout=PIPE_GRACE)
        finally:
            self._kill(process.pid)
            self._groups.discard(process.pid)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return kept.text(), None if stopped else code, kept.cut

    async def _read(
        self,
        process: asyncio.subprocess.Process,
        kept: _Tail,
        on_output: Callable[[str], None],
        interval: float,
    ) -> None:
        assert process.stdout is not None
        loop = asyncio.get_running_loop()
        shown = loop.time() - interval
        dirty = False
        while True:
            wait = max(0.0, shown + interval - loop.time()) if dirty else None
            try:
                async with asyncio.timeout(wait):
                    chunk = await process.stdout.read(65536)
            except TimeoutError:
                chunk = None
            if chunk:
                kept.add(chunk)
                dirty = True
            if dirty and (not chunk or loop.time() >= shown + interval):
                on_output(kept.text())
                shown, dirty = loop.time(), False
            if chunk == b"":
                return

    def end_all(self) -> None:
        """Kill what still runs."""
        for group in list(self._groups):
            self._kill(group)

    @staticmethod
    def _kill(group: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


class _Tail:
    """The last part of an output."""

    def __init__(self) -> None:
        self._data = b""
        self.cut = False

    def add(self, chunk: bytes) -> None:
        self._data += chunk
        if len(self._data) > 2 * OUTPUT_LIMIT:
            self._data = self._data[-OUTPUT_LIMIT:]
            self.cut = True

    def text(self) -> str:
        data = self._data
        if len(data) > OUTPUT_LIMIT:
            data = data[-OUTPUT_LIMIT:]
            self.cut = True
        text = data.decode("utf-8", "replace")
        lines = text.split("\n")
        if len(lines) > OUTPUT_LINES + 1:
            self.cut = True
            text = "\n".join(lines[-OUTPUT_LINES - 1 :])
        return text


async def run_bash(shells: Shells, command: str, stop: asyncio.Event, on_output: Callable[[str], None]) -> ToolResult:
    """Run a command as pi's `bash` tool does: its exit code is in the text only."""
    output, code, cut = await shells.run(command, stop, on_output)
    if cut:
        output += f"\n\n[Showing the end of the output: {OUTPUT_LINES} lines or {OUTPUT_LIMIT} bytes at most]"
    if code is None:
        return ToolResult(f"{output}\n\nCommand aborted" if output else "Command aborted", is_error=True)
    if code:
        return ToolResult(
            f"{output}\n\nCommand exited with code {code}" if output else f"Command exited with code {code}",
            True,
        )
    return ToolResult(output or "(no output)")


def write_file(path: str, content: str) -> ToolResult:
    """Write a file; missing directories are made."""
    try:
        make_parents(path)
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(content)
    except OSError as error:
        return ToolResult(f"Could not write {path}: {error.strerror}", is_error=True)
    return ToolResult(f"Successfully wrote to {path}")


def read_file(path: str) -> ToolResult:
    """Read a file's first part."""
    try:
        return ToolResult(_head(path))
    except OSError as error:
        return ToolResult(f"Could not read {path}: {error.strerror}", is_error=True)


def _head(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(FILE_LIMIT).decode("utf-8", "replace")


def edit_arguments(path: str) -> dict[str, Any]:
    """Return an edit that revises the last line of a file; of a missing file, one that will fail."""
    try:
        lines = [line for line in _head(path).split("\n") if line.strip()]
    except OSError:
        lines = []
    last = lines[-1] if lines else "- first item"
    return {"path": path, "edits": [{"oldText": last, "newText": f"{last} (revised)"}]}


def edit_file(path: str, edits: list[dict[str, str]], *, with_patch: bool) -> ToolResult:
    """Replace the last place of each old text; the details show the difference as pi shows it."""
    import difflib  # slow to load, and only an edit needs it

    try:
        if os.path.getsize(path) > FILE_LIMIT:
            return ToolResult(f"{path} is too large to edit", is_error=True)
        before = _head(path)
        after = before
        for edit in edits:
            head, found, rest = after.rpartition(edit["oldText"])
            if not found:
                return ToolResult(f"Could not find the text in {path}: {edit['oldText']!r}", is_error=True)
            after = f"{head}{edit['newText']}{rest}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
    except OSError as error:
        return ToolResult(f"Could not edit {path}: {error.strerror}", is_error=True)
    old, new = before.split("\n"), after.split("\n")
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    shown = [f" {n + 1} {line}" for n, line in enumerate(old[max(0, same - 3) : same], max(0, same - 3))]
    shown += [f"-{same + 1} {old[same]}", f"+{same + 1} {new[same]}"]
    details: dict[str, Any] = {"diff": "\n".join(shown)}
    if with_patch:
        patch = difflib.unified_diff(before.splitlines(True), after.splitlines(True), path, path)
        details["patch"] = "".join(patch)
    details["firstChangedLine"] = same + 1
    return ToolResult(f"Successfully replaced {len(edits)} block(s) in {path}.", details=details)


async def publish_event(agent: str, kind: str, summary: str) -> ToolResult:
    """Publish a feed event (hdresearch/vers-agent-services, src/feed/routes.ts)."""
    event = {"agent": agent, "type": kind, "summary": summary}
    try:
        await asyncio.to_thread(_request, "POST", "/feed/events", event)
    except OSError as error:
        return ToolResult(f"The feed did not take the event: {error}", is_error=True)
    return ToolResult(f"Published {kind}: {summary}")


async def note_task(agent: str, status: str, note: str) -> ToolResult:
    """Set the status of this agent's task on the board and add a note (src/board/routes.ts)."""
    try:
        tasks = (await asyncio.to_thread(_request, "GET", f"/board/tasks?assignee={_quoted(agent)}", None))["tasks"]
        task = next((task for task in tasks if task.get("status") != "done"), None)
        if task is None:
            return ToolResult(f"No open task is assigned to {agent}.", is_error=True)
        place = f"/board/tasks/{_quoted(task['id'])}"
        if note:
            kind = "blocker" if status == "blocked" else "update"
            await asyncio.to_thread(
                _request, "POST", f"{place}/notes", {"author": agent, "content": note, "type": kind}
            )
        if status:
            await asyncio.to_thread(_request, "PATCH", place, {"status": status})
    except (OSError, KeyError, TypeError, AttributeError) as error:
        return ToolResult(f"The board did not take the note: {error}", is_error=True)
    return ToolResult(f"Task “{task.get('title', '')}” is {status or task.get('status')}.")


def _quoted(text: str) -> str:
    from urllib.parse import quote  # loaded only by the few runs that talk to the services

    return quote(text, safe="")


def _request(method: str, path: str, body: dict[str, Any] | None) -> Any:
    """Call a coordination service; whatever goes wrong is an OSError."""
    return call("VERS_INFRA_URL", "VERS_AUTH_TOKEN", method, path, body)
