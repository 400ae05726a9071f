"""What is done to many at once, as it happens: each step with its time, then what became of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.model.ids import CommandId
from cockpit.model.operation import Operation
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

    def compose_body(self) -> ComposeResult:
        """Yield the place of the steps."""
        with VerticalScroll(id="scroll"):
            yield Plain(NOTHING, id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.set_interval(REFRESH, self._flush)
        self._flush()

    def _operations(self) -> list[Operation]:
        known = self._engine.fleet.operations
        if self._commands is None:
            return list(reversed(known))
        wanted = set(self._commands)
        return [operation for operation in known if CommandId(operation.id) in wanted]

    def _flush(self) -> None:
        now, width = self._engine.now(), max(LEAST_WIDTH, self.query_one("#scroll").size.width - 2)
        lines: list[Content] = []
        for operation in self._operations():
            head = our_line("{} ", operation.verb)
            lines.append(content([(head, "$muted"), (clean_line(operation.target), "bold")]))
            lines += [*step_lines(operation, now, width), *part_lines(operation), content([])]
        shown = {CommandId(operation.id) for operation in self._operations()}
        for receipt in self._engine.fleet.receipts:
            if receipt.id in (self._commands or ()) and receipt.id not in shown and receipt.stage is Stage.FAILED:
                lines.append(content([(our_line("✗ {}", receipt.reason), "$agent-failed")]))
        if not lines:
            nothing = (
                ours("nothing was done yet") if self._commands is None else ours("◌ ordered, no step reported yet")
            )
            lines.append(content([(nothing, "$muted")]))
        self.query_one("#text", Plain).show(content([(ours("\n"), "")]).join(lines), layout=True)


def part_lines(operation: Operation) -> list[Content]:
    """Say what became of each target, with what was said there."""
    lines: list[Content] = []
    for part in operation.parts:
        facts = [part.words] if part.words else []
        if part.exit_code is not None:
            facts.append(f"exit {part.exit_code}")
        if part.seconds is not None:
            facts.append(f"{part.seconds:.1f} s")
        words = our_line("  {}", " · ".join(facts)) if facts else NOTHING
        lines.append(
            content([(our_line("  {} ", part.target), "bold"), (clean_line(part.outcome), ""), (words, "$muted")])
        )
        if part.output:
            lines.append(content([(clean_text(part.output.rstrip("\n")), "$muted")]))
    return lines
