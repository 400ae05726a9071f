"""The inbox: everything that wants the operator, in groups: answered, put off, mended or dismissed where it stands."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Input

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.attention import Attention, Urgency
from cockpit.model.ids import CommandId
from cockpit.model.inbox.entries import Inbox, inbox, key_of
from cockpit.model.inbox.history import Decided
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.dialogs.inbox.rows import entry_rows, history_rows, how_long, summary
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.look.rows.panes import matches
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.needs_you.card import QuestionCard, key_name
from cockpit.ui.widgets.needs_you.posed import Posed, pose
from cockpit.ui.widgets.needs_you.sent import AnswersSent
from cockpit.ui.widgets.needs_you.sight import Painted
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList

LOOK_EVERY = 0.25
"""Seconds between two looks whether something is different."""

LIST_PART = 3
"""The list gets at least so many lines above the entry in full."""

WIDE = 140
"""Cells from which on the entry in full stands beside the list."""


class InboxView(StrEnum):
    """What is listed."""

    WAITS = "waits"
    PUT_OFF = "put off"
    HISTORY = "history"


class InboxDialog(Painted, Guarded, Dialog[tuple[str, Attention]]):
    """Dismisses with what is to be done on the home screen: a key of an entry, or `enter`, and the entry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+x", "drop", "dismiss", show=False),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "go"),
        ("tab", "view"),
        ("/", "filter"),
        ("esc", "close"),
        ("~", "put off"),
        ("m", "mute"),
        ("M", "mend"),
        ("^x", "dismiss"),
    )

    def __init__(
        self,
        engine: CockpitPort,
        answer: Callable[[QuestionCard.Answered, InboxDialog], None],
        put_off: Callable[[Attention, str], None],
        drop: Callable[[Attention], bool],
    ) -> None:
        """Prepare.

        Args:
            engine: what is listed follows from its fleet.
            answer: gives an answer, and tells this dialog what became of it.
            put_off: puts an entry off: `~` asks for how long, `m` for good, `b` takes it back.
            drop: hears no more of an entry; False if it cannot be dismissed.
        """
        super().__init__(ours("Inbox"), classes="inbox")
        self._engine = engine
        self._answer = answer
        self._put_off = put_off
        self._drop = drop
        self._view = InboxView.WAITS
        self._found = Inbox()
        self._posed: dict[str, Posed] = {}
        self._decided: tuple[Decided, ...] = ()
        self._needle = ""
        self._revision = -1
        self._sent = AnswersSent()

    def compose_body(self) -> ComposeResult:
        """Yield the views, the filter, the list, and the entry in full."""
        yield Plain(id="views")
        yield NarrowingInput(placeholder=ours("type to narrow · ⏎ keeps · esc clears"), id="needle")
        with Container(id="halves"):
            yield RowList(nothing=(ours("Nothing waits for you."),), id="rows")
            yield QuestionCard(leaves=False)

    def on_mount(self) -> None:
        self.query_one("#rows").focus()
        self.set_interval(LOOK_EVERY, self._look)
        self.call_after_refresh(self.flush)

    @property
    def card(self) -> QuestionCard:
        """The entry in full."""
        return self.query_one(QuestionCard)

    @property
    def _rows(self) -> RowList:
        return self.query_one("#rows", RowList)

    # --- what is shown -------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._engine.revision != self._revision and self.is_current:
            self.flush()

    def flush(self) -> None:
        """Take in the newest snapshot."""
        fleet, now = self._engine.fleet, self._engine.now()
        self._revision = self._engine.revision
        self._found = inbox(fleet, now)
        shown = self._found.shown if self._view is InboxView.WAITS else (*self._found.snoozed, *self._found.muted)
        rules = self._engine.coordination.inbox.rules
        items = () if self._view is InboxView.HISTORY else shown
        self._posed = {key_of(item): pose(item, fleet, rules) for item in items if matches(self._needle, item.sentence)}
        reason = self._sent.look(fleet, (one.question for one in self._posed.values()))
        self._draw(now)
        if reason:
            self.card.say(our_line("it was not answered: {}", reason))

    def _draw(self, now: float) -> None:
        self.set_class(self.app.size.width >= WIDE, "-beside")
        self.retitle(summary(self._found.counts))
        self.query_one("#views", Plain).show(self._views())
        off = (("⏎", "go"), ("tab", "view"), ("b", "take back"), ("~", "for how long"), ("esc", "close"))
        past = (("tab", "view"), ("/", "filter"), ("esc", "close"))
        self.show_keys(*{InboxView.PUT_OFF: off, InboxView.HISTORY: past}.get(self._view, self.KEYS))
        rows = self._rows
        width = max(20, rows.size.width - 1)
        rows.set_empty((self._empty(),))
        if self._view is InboxView.HISTORY:
            rows.set_rows(history_rows(self._decided, self._needle, width))
        else:
            rows.set_rows(entry_rows([*self._posed.values()], self._beside_words, now, width))
        self._pose(now)

    def _empty(self) -> Clean:
        if self._needle:
            return ours("Nothing fits the filter.")
        words = {InboxView.PUT_OFF: ours("Nothing is put off."), InboxView.HISTORY: ours("No question has ended yet.")}
        return words.get(self._view, ours("Nothing waits for you."))

    def _views(self) -> Content:
        off = len(self._found.snoozed) + len(self._found.muted)
        counts = {InboxView.WAITS: len(self._found.shown), InboxView.PUT_OFF: off, InboxView.HISTORY: None}
        pieces: list[Piece] = []
        for view, count in counts.items():
            style = "bold underline $accent" if view is self._view else "$muted"
            pieces += [(our_line("{}", view.value), style), (our_line(" {}", count) if count else NOTHING, "$muted")]
            pieces.append((ours("   "), ""))
        if self._needle and not self.query_one("#needle").has_class("-open"):
            pieces.append((our_line("/ {}", self._needle), "$accent"))
        return content(pieces)

    def _beside_words(self, posed: Posed) -> str:
        """Return what stands in place of an entry's keys: what was answered, or for how long it is put off."""
        off = self._engine.fleet.shelved if self._view is InboxView.PUT_OFF else ()
        one = next((known for known in off if known.key == posed.key), None)
        return self._sent.said(posed.question) or (how_long(one) if one is not None else "")

    def _pose(self, now: float) -> None:
        """Show the entry under the cursor in full."""
        posed = self._posed.get(self._rows.cursor_key)
        card = self.card
        if posed is None and not card.writes:
            card.display = False
            card.hide()
            return
        card.display = True
        halves = self.query_one("#halves").size
        beside = self.has_class("-beside")
        width = (halves.width // 2 if beside else halves.width) - 2
        room = halves.height if beside else max(7, halves.height - LIST_PART - 3)
        if posed is not None and width > 4:
            card.show(posed, now, width, room, self._sent.said(posed.question))

    # --- keys ----------------------------------------------------------------------------------------

    def frame_painted(self, at: float) -> None:
        """Tell the card that what it drew is in a frame."""
        if self.is_mounted:
            self.card.frame_painted(at)

    @on(events.ScreenSuspend)
    def _other_screen(self) -> None:
        """Take that another screen stands over this one: what waits is to be read again afterwards."""
        self.card.hide()

    @on(events.Resize)
    @on(events.ScreenResume)
    def _came_into_view(self) -> None:
        self.call_after_refresh(self.flush)

    @on(RowList.Highlighted)
    def _pointed(self, message: RowList.Highlighted) -> None:
        message.stop()
        self._pose(self._engine.now())

    @on(RowList.Chosen)
    def _clicked(self, message: RowList.Chosen) -> None:
        message.stop()
        self._go("enter")

    def on_key(self, event: events.Key) -> None:
        """Take what is the inbox's while the list has the keys."""
        if not self._rows.has_focus:
            return
        key = key_name(event.key, event.character)
        match key:
            case "tab" | "shift+tab":
                self._turn(1 if key == "tab" else -1)
            case "slash":
                self._open_filter()
            case "m" | "b" | "~":
                self._shelve(key)
            case "enter" if (posed := self._at) is not None and posed.item.dialog is None:
                self._go("enter")
            case "M":
                self._mend()
            case _ if self._view is not InboxView.WAITS or not self.card.press(key, event.time):
                return
        event.stop()
        event.prevent_default()

    @property
    def _at(self) -> Posed | None:
        return self._posed.get(self._rows.cursor_key)

    def _turn(self, step: int) -> None:
        views = [*InboxView]
        self._view = views[(views.index(self._view) + step) % len(views)]
        self.card.hide()
        if self._view is InboxView.HISTORY:
            self.run_worker(self._read_history(), name="history of the inbox", exclusive=True)
        self.flush()

    async def _read_history(self) -> None:
        try:
            self._decided = await self._engine.coordination.inbox.history()
        except CockpitError as error:
            notice(self, clean_line(str(error)), title=ours("No history"), severity="warning")
        self._draw(self._engine.now())

    def _open_filter(self) -> None:
        field = self.query_one("#needle", NarrowingInput)
        field.add_class("-open")
        field.value = self._needle
        field.focus()

    @on(Input.Changed, "#needle")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._needle = event.value
        self.flush()

    @on(Input.Submitted, "#needle")
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_filter()

    def _close_filter(self) -> None:
        self.query_one("#needle").remove_class("-open")
        self._rows.focus()
        self.flush()

    def action_back_out(self) -> None:
        """Close the field, then drop the filter, then close."""
        if self.card.writes:
            self.card.action_close_field()
        elif self.query_one("#needle").has_focus or self._needle:
            self._needle = ""
            self.query_one("#needle", NarrowingInput).value = ""
            self._close_filter()
        else:
            self.dismiss(None)

    # --- acts ----------------------------------------------------------------------------------------

    def _go(self, act: str) -> None:
        if (posed := self._at) is not None:
            self.dismiss((act, posed.item))

    def _mend(self) -> None:
        posed = self._at
        if posed is None:
            return
        if posed.item.finding is None and posed.item.urgency is not Urgency.FAILED:
            notice(self, ours("no act is suggested about it: ⏎ goes there"), title=ours("Nothing to mend"))
            return
        self.dismiss(("M", posed.item))

    def _shelve(self, key: str) -> None:
        if (posed := self._at) is not None:
            self._put_off(posed.item, "b" if self._view is InboxView.PUT_OFF and key != "~" else key)

    def action_drop(self) -> None:
        """Hear no more of what is under the cursor; what still is so cannot be dismissed."""
        posed = self._at
        if posed is None:
            return
        if not self._drop(posed.item):
            notice(self, ours("it leaves when it no longer waits: ~ puts it off"), title=ours("Not dismissed"))
        self.flush()

    @on(QuestionCard.Answered)
    def _answered(self, message: QuestionCard.Answered) -> None:
        message.stop()
        self._answer(message, self)

    @on(QuestionCard.Wanted)
    def _wanted(self, message: QuestionCard.Wanted) -> None:
        message.stop()
        self.dismiss((message.act, message.item))

    @on(QuestionCard.Closed)
    def _field_closed(self, message: QuestionCard.Closed) -> None:
        message.stop()
        self._rows.focus()

    def sent(self, posed: Posed, command: CommandId, said: str) -> None:
        """Take that an answer is on its way."""
        self._sent.add(posed, command, said)
        self.card.done()
        self.flush()

    def refuse(self, reason: Clean) -> None:
        """Say that an answer was refused, where it was pressed."""
        self.card.refuse(reason)
