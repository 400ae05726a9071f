"""Answering what stands on the board or in the feed: the whole question, and a text that goes back to who asked."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import TextArea

from cockpit.model.commands.owed import AnswerOwed, OwedCommand, SettleOwed
from cockpit.model.fleet import Agent
from cockpit.model.owed import Owed, OwedKind
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import age, content
from cockpit.ui.widgets.data_fields import DataTextArea
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain


class OwedDialog(Guarded, Dialog[OwedCommand]):
    """Dismisses with the order about it; escape leaves it open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "reply(False)", "answer", show=False, priority=True),
        Binding("ctrl+t", "reply(True)", "answer at once", show=False, priority=True),
        Binding("ctrl+x", "settle", "settle", show=False, priority=True),
    ]

    def __init__(self, owed: Owed, asker: Agent | None, now: float) -> None:
        """Prepare.

        Args:
            owed: what is asked.
            asker: the agent that asked, where it is one of the fleet.
            now: unix seconds.
        """
        asks = "asks" if owed.kind is OwedKind.QUESTION else "is blocked"
        super().__init__(our_line("? {} {}", owed.asker or "somebody", asks), classes="answer")
        self._owed = owed
        self._asker = asker
        self._now = now

    def compose_body(self) -> ComposeResult:
        """Yield the question, where it goes back to, and the field of the answer."""
        owed = self._owed
        about = our_line("task {}   ", owed.title) if owed.title else NOTHING
        yield Plain(content([(about, "bold"), (our_line("{} ago", age(self._now - owed.at)), "$muted")]), id="question")
        with VerticalScroll(id="message"):
            yield Plain(clean_text(owed.text))
        yield DataTextArea(owed.draft, id="text")
        yield Plain(self._way(), id="consequence")

    def _way(self) -> Clean:
        """Say where an answer goes."""
        place = "as a note on the task" if self._owed.task is not None else "into the feed"
        if self._asker is None:
            return our_line("It goes {}; {} is no agent of this fleet.", place, self._owed.asker or "who asked")
        if not self._asker.run_open:
            return our_line("It goes {}, and as a prompt to {}.", place, self._asker.name)
        return our_line("It goes {}, and to {}: after its run, or at once.", place, self._asker.name)

    def on_mount(self) -> None:
        keys = [("^s", "answer"), ("^x", "settle without"), ("esc", "later")]
        if self._asker is not None and self._asker.run_open:
            keys.insert(1, ("^t", "answer at once"))
        self.show_keys(*keys)
        self.query_one("#text").focus()

    def action_reply(self, steers: bool) -> None:
        """Answer with what the field holds."""
        text = self.query_one("#text", TextArea).text
        if not text.strip():
            notice(self, ours("an answer needs a text"), title=ours("Not answered"))
            return
        self.dismiss(AnswerOwed(self._owed.key, text, steers))

    def action_settle(self) -> None:
        """Hear no more of it."""
        self.dismiss(SettleOwed(self._owed.key))
