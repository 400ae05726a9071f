"""A command on a VM as it runs: what it says, and how it ended. Its end of the stream is said, never guessed."""

from __future__ import annotations

import asyncio
import codecs
from collections import deque
from pathlib import Path
from time import monotonic
from typing import BinaryIO, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.ages import span_text
from cockpit.model.ids import VmId
from cockpit.model.reach import RunningCommand
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import Piece, content, count
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain

REFRESH = 0.2
"""Seconds between two looks at what came."""

MOST_LINES = 500
MOST_LINE = 2000
"""Characters of a line that are shown."""

PATIENCE = 2
"""Interrupts that the command gets before it is killed."""


class Said:
    """The end of what a command said on both streams, as lines in the order in which they came."""

    def __init__(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stderr: decoder("backslashreplace") for stderr in (False, True)}
        self._open = {False: "", True: ""}
        self._lines: deque[tuple[Clean, bool]] = deque(maxlen=MOST_LINES)
        self.size = 0
        """Bytes altogether."""
        self.dropped = 0
        """Lines that are no longer held."""

    def take(self, data: bytes, stderr: bool) -> None:
        """Take bytes of a stream."""
        self.size += len(data)
        text = self._open[stderr] + self._decoders[stderr].decode(data).replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = text.split("\n")
        self.dropped += max(0, len(self._lines) + len(lines) - MOST_LINES)
        self._lines.extend((clean_line(line[:MOST_LINE]), stderr) for line in lines[-MOST_LINES:])
        self._open[stderr] = rest[-MOST_LINE:]

    def content(self) -> Content:
        """Return the lines; those of standard error in their own colour."""
        pieces: list[Piece] = []
        if self.dropped:
            pieces.append((our_line("… {} earlier lines are not held here\n", self.dropped), "$muted"))
        unended = [(clean_line(text), stderr) for stderr, text in self._open.items() if text]
        for line, stderr in (*self._lines, *unended):
            pieces += [(line, "$link-degraded" if stderr else ""), (ours("\n"), "")]
        return content(pieces)


class RunDialog(Dialog[None]):
    """Runs one command; closing it ends what still runs."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "scroll"),
        ("^c", "interrupt, the third kills"),
        ("esc", "end it and close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "interrupt", show=False, priority=True),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(
        self, engine: CockpitPort, title: Clean, vm_id: VmId, words: tuple[str, ...], file: Path | None = None
    ) -> None:
        """Prepare.

        Args:
            vm_id: where it runs.
            words: the command and its arguments.
            file: gets all that it says.
        """
        super().__init__(title, classes="course")
        self._engine = engine
        self._vm_id = vm_id
        self._words = words
        self._file = file
        self._said = Said()
        self._shown = -1
        self._command: RunningCommand | None = None
        self._interrupts = 0
        self._began = monotonic()
        self._end: tuple[Clean, str] | None = None
        self._asked = False
        self._hindrance = ""

    def compose_body(self) -> ComposeResult:
        """Yield the state and the place of the output."""
        yield Plain(NOTHING, id="state")
        with VerticalScroll(id="scroll"):
            yield Plain(NOTHING, id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.set_interval(REFRESH, self._flush)
        self.run_worker(self._carry(), name="command on a VM", exit_on_error=True)

    async def _carry(self) -> None:
        """Run it to its end; the dialog's own end ends it."""
        try:
            file = await asyncio.to_thread(self._file.open, "wb", 0) if self._file is not None else None
        except OSError as error:
            self._end = (our_line("{} cannot be written: {}", str(self._file), error.strerror or ""), "$agent-failed")
            return
        try:
            code = await self._run_it(file)
            style = "$agent-done" if code == 0 else "$agent-failed"
            self._end = (our_line("exit {} after {}", code, span_text(monotonic() - self._began)), style)
        except CockpitError as error:
            self._end = (clean_line(str(error)), "$agent-failed")
        except OSError as error:
            self._end = (our_line("{} is not complete: {}", str(self._file), error.strerror or ""), "$agent-failed")
        finally:
            if file is not None:
                file.close()

    async def _run_it(self, file: BinaryIO | None) -> int:
        failures: list[OSError] = []

        def heard(data: bytes, stderr: bool) -> None:
            self._said.take(data, stderr)
            if file is not None and not failures:
                try:
                    file.write(data)
                except OSError as error:
                    failures.append(error)

        command = await self._engine.reach.run(self._vm_id, self._words, heard)
        try:
            self._command = command
            command.write_eof()
            telling = self.run_worker(self._hear(command), name="why nothing is heard")
            try:
                code = await command.wait()
            finally:
                telling.cancel()
        except asyncio.CancelledError:
            await command.end()
            raise
        finally:
            self._command = None
            await command.close()
        if failures:
            raise failures[0]
        return code

    async def _hear(self, command: RunningCommand) -> None:
        async for reason in command.hindrances():
            self._hindrance = reason

    def _flush(self) -> None:
        size = count(self._said.size)
        state = self._end or (
            our_line("running for {}, {} bytes", span_text(monotonic() - self._began), size),
            "$muted",
        )
        where = (our_line("  all of it in {}", str(self._file)), "$muted") if self._file is not None else (NOTHING, "")
        stands = self._hindrance if self._end is None else ""
        why = (our_line("  {}", stands), "$link-degraded") if stands else (NOTHING, "")
        self.query_one("#state", Plain).show(content([state, why, where]))
        if self._shown != self._said.size:
            self._shown = self._said.size
            scroll = self.query_one("#scroll", VerticalScroll)
            follows = scroll.scroll_offset.y >= scroll.max_scroll_y
            self.query_one("#text", Plain).show(self._said.content(), layout=True)
            if follows:
                self.call_after_refresh(scroll.scroll_end, animate=False)
        if self._end is not None:
            self.show_keys(("↑↓", "scroll"), ("esc", "close"))

    def action_interrupt(self) -> None:
        """Interrupt the command; the third time it is killed."""
        if self._command is None:
            return
        self._interrupts += 1
        name = "INT" if self._interrupts <= PATIENCE else "KILL"
        self.run_worker(self._signal(self._command, name), name=f"signal {name}")

    async def _signal(self, command: RunningCommand, name: str) -> None:
        try:
            await command.signal(name)
        except CockpitError as error:
            notice(self, clean_text(error.message), severity="warning")

    def action_back_out(self) -> None:
        """Close; where the command runs, that ends it, so it is asked for twice."""
        if self._command is not None and not self._asked:
            self._asked = True
            notice(self, ours("it still runs: esc once more ends it, ^c interrupts it"), severity="warning")
            return
        self.dismiss(None)
