"""Answering an agent's question over whatever screen: the card of the strip, with a list or a field if it needs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from cockpit.engine.port import CockpitPort
from cockpit.model.attention import Attention, Urgency
from cockpit.model.commands.agent import Answer
from cockpit.model.fleet import (
    Agent,
)
from cockpit.model.ids import CommandId
from cockpit.model.inbox.question import DIGITS, answer_by_text, cancelled, digest_of
from cockpit.model.open_work import OpenDialog
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea
from cockpit.ui.widgets.needs_you.card import QuestionCard, key_name
from cockpit.ui.widgets.needs_you.lines import lay_out
from cockpit.ui.widgets.needs_you.posed import Posed, pose
from cockpit.ui.widgets.needs_you.sight import Painted, read_at
from cockpit.ui.widgets.row_list import Row, RowList

REFRESH = 0.25
"""Seconds between two looks whether it waits still."""

LIST_LINES, AREA_LINES = 8, 6
"""Lines of the list of options, and of the field of several lines."""

WIDEST, BESIDE = 76, 6
"""Cells of the dialog at most, and those that are not the question's."""

LEAST_LINES = 4
"""Lines of the card beside its options."""

AROUND = 6
"""Lines of the dialog that are neither question nor field: frame, distances, keys."""

GONE = ours("withdrawn: it does not wait any more, nothing was sent · esc closes")


class AnswerDialog(Painted, Guarded, Dialog[None]):
    """Escape leaves the question open, it goes on waiting. Keys count as in the strip, and are refused there alike."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "answer", show=False, priority=True),
        Binding("ctrl+x", "refuse", "refuse", show=False, priority=True),
        Binding("pagedown", "page('pagedown')", "more", show=False, priority=True),
        Binding("pageup", "page('pageup')", "back", show=False, priority=True),
    ]

    def __init__(
        self,
        engine: CockpitPort,
        agent: Agent,
        asked: OpenDialog,
        answer: Callable[[QuestionCard.Answered, AnswerDialog], None],
    ) -> None:
        """Prepare.

        Args:
            engine: tells whether it waits still.
            agent: who asks.
            asked: what.
            answer: gives an answer, and tells this dialog what became of it.
        """
        super().__init__(our_line("? {} asks", agent.name), classes="answer")
        self._engine = engine
        self._agent = agent.id
        self._request = asked.request
        self._digest = digest_of(asked.request)
        self._item = Attention(Urgency.ASKING, asked.request.title, asked.since, agent=agent.id, dialog=asked)
        self._give = answer
        self._gone = False
        self._listed = False
        """Its options are chosen from a list: there are more of them than digits, or they are long."""

    def compose_body(self) -> ComposeResult:
        """Yield the question, and the field its method needs."""
        posed, width = self._posed(), min(WIDEST, self.app.size.width * 94 // 100) - BESIDE
        tall = len(lay_out(posed, width).options) + LEAST_LINES > self._room()
        self._listed = self._request.method == "select" and (len(self._request.options) > len(DIGITS) or tall)
        yield QuestionCard(leaves=False, opens=False)
        if self._listed:
            yield RowList(id="options")
        elif self._request.method == "editor":
            yield DataTextArea(self._request.prefill, id="text")
        elif self._request.method == "input":
            yield DataInput(self._request.prefill, placeholder=clean_line(self._request.placeholder), id="value")

    def on_mount(self) -> None:
        refuse, later = ("^x", "refuse to answer"), ("esc", "later")
        if self._listed:
            rows = self.query_one("#options", RowList)
            rows.set_rows([Row(str(at), content([(self._option(at), "")])) for at in range(len(self._request.options))])
            rows.focus()
            self.show_keys(("↑↓ 1-9", "choose"), ("⏎", "answer"), refuse, later)
        elif self._request.method == "editor":
            self.query_one("#text").focus()
            self.show_keys(("^s", "answer"), refuse, later)
        elif self._request.method == "input":
            self.query_one("#value").focus()
            self.show_keys(("⏎", "answer"), refuse, later)
        else:
            self.show_keys(refuse, later)
        self.set_interval(REFRESH, self.flush)
        self.call_after_refresh(self.flush)

    def _option(self, at: int) -> Clean:
        return our_line("{} {}", at + 1, clean_line(self._request.options[at]))

    @property
    def card(self) -> QuestionCard:
        """Where the question stands."""
        return self.query_one(QuestionCard)

    # --- what is shown -------------------------------------------------------------------------------

    def flush(self) -> None:
        """Show the question, or that it waits no more."""
        if not self.query(QuestionCard):
            return  # it is being closed
        card = self.card
        agent = self._engine.fleet.agent(self._agent)
        open_now = agent.activity.dialogs if agent is not None else ()
        self._gone = all(digest_of(one.request) != self._digest for one in open_now)
        if card.size.width > 4:
            card.show(self._posed(), self._engine.now(), card.size.width, self._room())
        if self._gone:
            card.say(GONE)

    def _posed(self) -> Posed:
        """Return the question; where a list or a field stands below, that is what answers it."""
        posed = pose(self._item, self._engine.fleet, self._engine.coordination.inbox.rules)
        if self._listed:
            words = joined((posed.words, *map(self._option, range(len(self._request.options)))), ours("\n"))
            return replace(posed, words=words, answers=())
        return replace(posed, field="")

    def _room(self) -> int:
        beside = {"editor": AREA_LINES, "input": 1}.get(self._request.method, LIST_LINES if self._listed else 0)
        return max(4, self.app.size.height * 88 // 100 - AROUND - beside)

    def frame_painted(self, at: float) -> None:
        """Tell the card that what it drew is in a frame."""
        for card in self.query(QuestionCard):
            card.frame_painted(at)

    @on(events.Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self.flush)

    @on(events.ScreenSuspend)
    def _other_screen(self) -> None:
        """Take that another screen stands over this one: the question is to be read again afterwards."""
        self.card.hide()

    # --- keys ----------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Take what is the question's while no field has the keys."""
        if isinstance(self.focused, Input | TextArea):
            return
        key = key_name(event.key, event.character)
        if self._gone and key != "escape":
            self.card.say(GONE)
        elif self._listed and key in DIGITS:
            # A slip of the finger answers nothing in a long list.
            self.query_one("#options", RowList).point_at(str(int(key) - 1))
        elif self._listed and key == "enter":
            self._answer_from_list()
        elif not self.card.press(key, event.time):
            return
        event.stop()
        event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that pages is the question's only where not all of it is in sight."""
        return any(card.scrolls for card in self.query(QuestionCard)) if action == "page" else True

    def action_page(self, key: str) -> None:
        """Show more of the question."""
        self.card.press(key, read_at(self.app))

    @on(Input.Submitted, "#value")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._answer_by(event.value, "⏎")

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self._answer_from_list()

    def _answer_from_list(self) -> None:
        if key := self.query_one("#options", RowList).cursor_key:
            self._answer_by(self._request.options[int(key)], "⏎")

    def action_accept(self) -> None:
        """Answer with what the field of several lines holds."""
        if self._request.method == "editor":
            self._answer_by(self.query_one("#text", TextArea).text, "^s")

    def action_refuse(self) -> None:
        """Tell the agent that there will be no answer."""
        self._answered_with(cancelled(self._agent, self._request), "^x", harmless=True)

    def _answer_by(self, text: str, key: str) -> None:
        self._answered_with(answer_by_text(self._agent, self._request, text), key, harmless=False)

    def _answered_with(self, answer: Answer, key: str, *, harmless: bool) -> None:
        posed = self.card.posed
        if self._gone or posed is None:
            self.card.say(GONE)
        elif not self.card.refuses_now(posed, key, read_at(self.app), harmless=harmless, of=answer.value or ""):
            self._give(QuestionCard.Answered(self.card, posed, answer), self)

    # --- what became of it ---------------------------------------------------------------------------

    @on(QuestionCard.Answered)
    def _answered(self, message: QuestionCard.Answered) -> None:
        message.stop()
        self._give(message, self)

    @on(QuestionCard.Wanted)
    def _wanted(self, message: QuestionCard.Wanted) -> None:
        """There is nowhere else to go from here."""
        message.stop()

    @on(QuestionCard.Closed)
    def _field_closed(self, message: QuestionCard.Closed) -> None:
        """The keys are the question's again, or its field's."""
        message.stop()
        self.set_focus(next(iter(self.query("#options, #text, #value")), None))

    def action_back_out(self) -> None:
        """Close the field of a reason, or leave the question open."""
        if self.card.writes:
            self.card.action_close_field()
        else:
            self.dismiss(None)

    def sent(self, posed: Posed, command: CommandId, said: str) -> None:
        """Take that an answer is on its way."""
        self.dismiss(None)

    def refuse(self, reason: Clean) -> None:
        """Say that an answer was refused, where it was pressed."""
        self.card.refuse(reason)
