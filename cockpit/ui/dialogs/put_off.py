"""For how long something is put off: one key for each way."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.model.inbox.shelf import PUT_OFF_WORDS, PutOff
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content, cut
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

WORDS_CELLS = 60


class PutOffDialog(Guarded, Dialog[str]):
    """Dismisses with the value of a `PutOff`."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("1-5", "put off"), ("⏎", "this one"), ("esc", "leave it"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "put off", show=False),
        *(Binding(str(at), f"choose({at})", "put off", show=False) for at in range(1, len(PutOff) + 1)),
    ]

    def __init__(self, what: Clean) -> None:
        super().__init__(ours("Put off"), classes="confirm")
        self._what = what

    def compose_body(self) -> ComposeResult:
        """Yield what is put off, and the ways."""
        yield Plain(content([(cut(self._what, WORDS_CELLS), "bold")]), id="question")
        yield RowList(id="ways")

    def on_mount(self) -> None:
        ways = self.query_one("#ways", RowList)
        ways.set_rows(
            [
                Row(how.value, content([(our_line(" {} ", at), "bold $accent"), (our_line("{}", words), "")]))
                for at, (how, words) in enumerate(PUT_OFF_WORDS.items(), 1)
            ]
        )
        ways.styles.height = len(PUT_OFF_WORDS)
        ways.focus()

    @on(RowList.Chosen)
    def _clicked(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_accept()

    def action_accept(self) -> None:
        """Put off as the cursor says."""
        self.dismiss(self.query_one("#ways", RowList).cursor_key)

    def action_choose(self, number: int) -> None:
        """Put off as a number says."""
        self.dismiss([*PutOff][number - 1].value)
