"""What is done to many at once, as it happens: each step with its time, then what became of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Fleet
from cockpit.model.ids import CommandId
from cockpit.model.operation import Operation, Part
from cockpit.model.receipts.receipt import Stage
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.bars import step_lines
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.plain import Plain

REFRESH = 0.25
"""Seconds between two looks at the steps."""

LEAST_WIDTH = 30
"""Cells that a line of the steps takes at least."""

NOTHING_DONE = ours("nothing was done yet")
NOTHING_YET = ours("◌ ordered, no step reported yet")


class CourseDialog(Dialog[None]):
    """The operations of some commands, or the latest ones. Closing it stops nothing."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "scroll"), ("esc", "close, it goes on"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back_out", "close", show=False)]

    def __init__(self, engine: CockpitPort, title: Clean, commands: Sequence[CommandId] | None = None) -> None:
        """Prepare.

        Args:
            commands: whose operations are shown; None shows all that are remembered, the newest first.
        """
        super().__init__(title, classes="course")
        self._engine = engine
        self._commands = commands
        self._course = Course()

    def compose_body(self) -> ComposeResult:
        """Yield the place of the steps."""
        with VerticalScroll(id="scroll"):
            yield Plain(NOTHING, id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.set_interval(REFRESH, self._flush)
        self._flush()

    def _flush(self) -> None:
        fleet, width = self._engine.fleet, max(LEAST_WIDTH, self.query_one("#scroll").size.width - 2)
        if self._commands is None:
            operations = sorted(fleet.operations, key=lambda operation: -operation.started_at)
            refused: list[str] = []
        else:
            operations, refused = operations_of(fleet, self._commands), refusals_of(fleet, self._commands)
        nothing = NOTHING_DONE if self._commands is None else NOTHING_YET
        text = self._course.text(operations, refused, self._engine.now(), width, nothing)
        if text is not None:
            self.query_one("#text", Plain).show(text, layout=True)


class Course:
    """The text of some operations, made anew only where something of it is different."""

    def __init__(self) -> None:
        self._made_of: object = None
        self._parts: dict[Part, list[Content]] = {}
        """A part never changes, and what a command said on a VM may be long."""

    def text(
        self, operations: Sequence[Operation], refused: Sequence[str], now: float, width: int, nothing: Clean
    ) -> Content | None:
        """Return the steps and what became of each target, or None where the last text still holds.

        Args:
            operations: what goes on or is over.
            refused: why commands failed that became no operation.
            now: the time by which steps that run are as old as they are.
            width: cells of a line.
            nothing: what is said where there is neither.
        """
        runs = any(operation.ended_at is None for operation in operations)
        made_of = (tuple(operations), tuple(refused), width, now if runs else None)
        if made_of == self._made_of:
            return None
        self._made_of = made_of
        lines: list[Content] = []
        for operation in operations:
            lines.append(content([(our_line("{} ", operation.verb), "$muted"), (clean_line(operation.target), "bold")]))
            lines += step_lines(operation, now, width)
            for part in operation.parts:
                if part not in self._parts:
                    self._parts[part] = part_lines(part)
                lines += self._parts[part]
            lines.append(content([]))
        lines += [
            content([(ours("✗ "), "bold $agent-failed"), (clean_line(reason), "$agent-failed")]) for reason in refused
        ]
        return content([(ours("\n"), "")]).join(lines or [content([(nothing, "$muted")])])


def operations_of(fleet: Fleet, commands: Sequence[CommandId]) -> list[Operation]:
    """Return what commands became."""
    return [operation for operation in fleet.operations if CommandId(operation.id) in commands]


def refusals_of(fleet: Fleet, commands: Sequence[CommandId]) -> list[str]:
    """Return why commands failed before they became operations."""
    begun = {CommandId(operation.id) for operation in fleet.operations}
    failed = (known for known in fleet.receipts if known.id in commands and known.stage is Stage.FAILED)
    return [receipt.reason for receipt in failed if receipt.id not in begun]


def part_lines(part: Part) -> list[Content]:
    """Say what became of one target, with what was said there."""
    facts = [part.words] if part.words else []
    if part.exit_code is not None:
        facts.append(f"exit {part.exit_code}")
    if part.seconds is not None:
        facts.append(f"{part.seconds:.1f} s")
    words = our_line("  {}", " · ".join(facts)) if facts else NOTHING
    lines = [content([(our_line("  {} ", part.target), "bold"), (clean_line(part.outcome), ""), (words, "$muted")])]
    if part.output:
        lines.append(content([(clean_text(part.output.rstrip("\n")), "$muted")]))
    return lines
