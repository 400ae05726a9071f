"""What there is to take up again: tasks that nobody does any more, open questions, and the VMs that run."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from cockpit.model.owed import Owed, OwedKind
from cockpit.model.recovery import Abandoned, ActiveVm, Recovery
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import Piece, age, content, cut, fit
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

Entry = Abandoned | Owed | ActiveVm


class RecoveryDialog(Guarded, Dialog[tuple[str, str]]):
    """Dismisses with what is to be done (`go`, `reassign`, `respawn`, `resolve`) and the key of its entry."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "choose"),
        ("⏎", "go or answer"),
        ("a", "reassign"),
        ("r", "respawn"),
        ("x", "resolve"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave('go')", "go", show=False),
        Binding("a", "leave('reassign')", "reassign", show=False),
        Binding("r", "leave('respawn')", "respawn", show=False),
        Binding("x", "leave('resolve')", "resolve", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, found: Recovery, now: float) -> None:
        super().__init__(ours("To take up again"), classes="pick wide")
        self._entries = entries(found)
        self._found = found
        self._now = now

    def compose_body(self) -> ComposeResult:
        """Yield the sum, the list, and what is known of the entry under the cursor."""
        yield Plain(clean_line(self._found.sentence), classes="intro")
        yield RowList(nothing=(ours("Nothing: no task, no question, nobody that runs."),), id="rows")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        rows = self.query_one("#rows", RowList)
        width = max(30, rows.size.width - 1)
        rows.set_rows([Row(key, entry_line(entry, self._now, width)) for key, entry in self._entries.items()])

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Go to what was clicked."""
        message.stop()
        self.action_leave("go")

    def action_leave(self, act: str) -> None:
        """Close with what is to be done about the entry under the cursor, where that can be done about it."""
        key = self.query_one("#rows", RowList).cursor_key
        entry = self._entries.get(key)
        if entry is not None and act in acts(entry):
            self.dismiss((act, key))


def entries(found: Recovery) -> dict[str, Entry]:
    """Return what was found by key, what waits for somebody first."""
    listed: dict[str, Entry] = {f"task:{one.task}": one for one in found.abandoned}
    listed |= {f"owed:{one.key}": one for one in found.owed}
    listed |= {f"vm:{one.vm}": one for one in found.active}
    return listed


def acts(entry: Entry) -> frozenset[str]:
    """Return what can be done about an entry."""
    if isinstance(entry, Abandoned):
        return frozenset({"go", "reassign", "respawn", "resolve"})
    return frozenset({"go", "resolve"}) if isinstance(entry, Owed) else frozenset({"go"})


def entry_line(entry: Entry, now: float, width: int) -> Content:
    """Return one line of the list."""
    pieces: list[Piece]
    if isinstance(entry, Abandoned):
        words = our_line("{} · {}", entry.title, entry.evidence)
        pieces = [(ours(" ▪ task     "), "$agent-failed"), (fit(words, width - 17), "")]
    elif isinstance(entry, Owed):
        style = "bold $agent-asking" if entry.kind is OwedKind.QUESTION else "$link-degraded"
        words = our_line("{}: {}", entry.asker, entry.text)
        pieces = [(our_line(" ? {} ", f"{entry.kind.value:<8}"), style), (fit(words, width - 17), "")]
        pieces.append((fit(age(now - entry.at), 5, right=True), "$muted"))
    else:
        called = entry.name or entry.vm[:8]
        pieces = [(ours(" ◆ runs     "), "$muted"), (cut(our_line("{} · {}", called, entry.doing), width - 12), "")]
    return content(pieces)
