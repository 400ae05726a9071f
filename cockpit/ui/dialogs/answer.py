"""Answering an agent's question: a choice, yes or no, a line, or a text. All its words are shown sanitised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, TextArea

from cockpit.model.commands.agent import Answer
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import Agent
from cockpit.model.inbox.caution import CautionRule, cautions, lets_through, warning
from cockpit.model.inbox.question import answer_by_text, answer_with, cancelled, keys_of
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

CANCEL_KEY = ("^x", "refuse to answer")


class AnswerDialog(Guarded, Dialog[Answer]):
    """Dismisses with the answer; escape leaves the question open, it goes on waiting."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "answer", show=False),
        Binding("ctrl+s", "accept", "answer", show=False, priority=True),
        Binding("ctrl+x", "refuse", "refuse", show=False, priority=True),
        Binding("y", "say(True)", "yes", show=False),
        Binding("n", "say(False)", "no", show=False),
        *(Binding(str(number), f"pick({number})", f"option {number}", show=False) for number in range(1, 10)),
    ]

    def __init__(self, agent: Agent, request: DialogRequested, rules: Sequence[CautionRule] = ()) -> None:
        super().__init__(our_line("? {} asks", agent.name), classes="answer")
        self._warning = warning(cautions(rules, request))
        self._pressed: Answer | None = None
        """What was answered once, where it is to be said twice."""
        self._agent = agent.id
        self._request = request

    def compose_body(self) -> ComposeResult:
        """Yield the question and the field its method needs."""
        request = self._request
        title = clean_line(request.title)
        if title:
            yield Plain(content([(title, "bold $transcript-question")]), id="question")
        if request.message:
            with VerticalScroll(id="message"):
                yield Plain(clean_text(request.message))
        match request.method:
            case "select":
                yield RowList(id="options")
            case "confirm":
                yield Plain(
                    content(
                        [
                            (ours("y"), "bold $accent"),
                            (ours(" yes    "), ""),
                            (ours("n"), "bold $accent"),
                            (ours(" no"), ""),
                        ]
                    )
                )
            case "editor":
                yield DataTextArea(request.prefill, id="text")
            case _:
                yield DataInput(
                    request.prefill,
                    placeholder=clean_line(request.placeholder),
                    id="value",
                )

    def on_mount(self) -> None:
        later = ("esc", "later")
        match self._request.method:
            case "select":
                options = self.query_one("#options", RowList)
                options.set_rows(
                    [
                        Row(str(at), content([(our_line(" {} ", at + 1), "$accent"), (clean_line(option), "")]))
                        for at, option in enumerate(self._request.options)
                    ]
                )
                options.focus()
                self.show_keys(("↑↓ 1-9", "choose"), ("⏎", "answer"), CANCEL_KEY, later)
            case "confirm":
                self.show_keys(("y", "yes"), ("n", "no"), CANCEL_KEY, later)
            case "editor":
                self.show_keys(("^s", "answer"), CANCEL_KEY, later)
            case _:
                self.show_keys(("⏎", "answer"), CANCEL_KEY, later)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_accept()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_accept()

    def action_accept(self) -> None:
        """Answer with what the field holds."""
        match self._request.method:
            case "select":
                key = self.query_one("#options", RowList).cursor_key
                if key:
                    self._finish(answer_by_text(self._agent, self._request, self._request.options[int(key)]))
            case "confirm":
                return
            case "editor":
                text = self.query_one("#text", TextArea).text
                self._finish(answer_by_text(self._agent, self._request, text))
            case _:
                value = self.query_one("#value", Input).value
                self._finish(answer_by_text(self._agent, self._request, value))

    def action_pick(self, number: int) -> None:
        """Go to an option by its number; a slip of the finger answers nothing."""
        if self._request.method == "select" and number <= len(self._request.options):
            self.query_one("#options", RowList).point_at(str(number - 1))

    def action_say(self, yes: bool) -> None:
        """Answer yes or no."""
        if self._request.method == "confirm":
            chosen = next(key for key in keys_of(self._request) if key.confirmed is yes)
            self._finish(answer_with(self._agent, self._request, chosen))

    def action_refuse(self) -> None:
        """Tell the agent that there will be no answer."""
        self._finish(cancelled(self._agent, self._request))

    def _finish(self, answer: Answer) -> None:
        """Answer, unless something could happen of which the end was not shown, or that is to be said twice."""
        if lets_through(answer) and (reason := self._lacks(answer)):
            notice(self, reason, title=ours("Not answered yet"), severity="warning")
        else:
            self.dismiss(answer)

    def _lacks(self, answer: Answer) -> Clean:
        if any(
            scroll.scroll_offset.y < scroll.max_scroll_y for scroll in self.query("#message").results(VerticalScroll)
        ):
            return ours("its end was not shown yet: scroll to it first")
        if self._warning and self._pressed != answer:
            self._pressed = answer
            return our_line("it {}: the same key once more", self._warning)
        return NOTHING
