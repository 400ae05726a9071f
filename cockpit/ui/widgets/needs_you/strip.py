"""The strip at the top of the home screen: what waits for the operator, a line each, answered where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from cockpit.engine.port import CockpitPort
from cockpit.model.attention import Attention, Urgency
from cockpit.model.fleet import Fleet
from cockpit.model.ids import CommandId
from cockpit.model.inbox.entries import Inbox, inbox, key_of
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width
from cockpit.ui.widgets.frame import set_title
from cockpit.ui.widgets.needs_you.card import QuestionCard, key_name
from cockpit.ui.widgets.needs_you.lines import entry_line, entry_lines
from cockpit.ui.widgets.needs_you.posed import Posed, pose
from cockpit.ui.widgets.needs_you.sent import AnswersSent
from cockpit.ui.widgets.plain import Plain

ROWS = ((50, 5), (30, 3), (24, 2), (0, 1))
"""Heights of the screen from which on so many entries have a line."""

FRAMED = 30
"""Lines of the screen from which on the strip has a frame."""

LEAST_ROOM, MOST_ROOM = 7, 16
"""Lines that the entry with the keys has at least, and at most."""

LABEL_CELLS = 14
"""Cells of an option where it stands beside its key at the bottom."""

WITHDRAWN_FOR = 8.0
"""Seconds for which it is said that something waits no more."""


class NeedsYou(Vertical, can_focus=True, can_focus_children=False):
    """Its keys count only while it has the focus; no line while nothing waits."""

    DEFAULT_CSS = """
    NeedsYou { height: auto; display: none; background: $panel; }
    NeedsYou.-waits { display: block; }
    NeedsYou.-framed { border: round $rule; background: $background; }
    NeedsYou.-framed:focus { border: round $rule-focus; }
    NeedsYou.-framed:focus-within { border: round $rule-focus; }
    NeedsYou .rows { height: auto; }
    NeedsYou .rows.-none { display: none; }
    NeedsYou QuestionCard { display: none; padding: 0 1; background: $row-cursor; }
    NeedsYou.-keys QuestionCard { display: block; }
    """

    class Left(Message):
        """The operator leaves it."""

    @dataclass
    class Pointed(Message):
        """The keys are on another entry."""

        item: Attention

    def __init__(self, engine: CockpitPort, *, id: str = "needs-you") -> None:
        super().__init__(id=id)
        self._engine = engine
        self._found = Inbox()
        self._cursor = ""
        self._pointed = ""
        self._posed: tuple[Posed, ...] = ()
        self._number = 0
        self._off = 0
        self._sent = AnswersSent()
        self._gone: tuple[Clean, float] = (NOTHING, 0.0)

    def compose(self) -> ComposeResult:
        yield Plain(classes="rows before -none")
        yield QuestionCard()
        yield Plain(classes="rows after -none")

    @property
    def card(self) -> QuestionCard:
        """Where the entry with the keys stands in full."""
        return self.query_one(QuestionCard)

    @property
    def has_keys(self) -> bool:
        """Whether keys count here."""
        return self.has_focus or self.card.writes

    @property
    def waits(self) -> int:
        """How many entries wait."""
        return self._number

    def foot_keys(self) -> tuple[tuple[str, str], ...]:
        """Return the keys that act while it has them, those that answer first."""
        if self.card.writes:
            return (("⏎", "send"), ("esc", "back"))
        posed = self._at(self._posed)
        keys: list[tuple[str, str]] = []
        if posed is not None and not self._sent.said(posed.question):
            keys += [(one.key, cut(clean_line(one.label), LABEL_CELLS)) for one in posed.answers]
            keys += [("⏎", "write an answer")] if posed.field else []
            keys += posed.acts
            keys += [("N", "no, because…")] if posed.can_refuse else []
        elsewhere = [("!", "next")] if self._number > 1 else []
        return (*keys, ("~", "put off"), *elsewhere, ("esc", "leave"))

    # --- what is shown -------------------------------------------------------------------------------

    def flush(self, fleet: Fleet, found: Inbox, now: float) -> None:
        """Show a snapshot, and what of it waits."""
        self._found = found
        waiting = self._waiting()
        self._number, self._off = len(waiting), len(found.snoozed) + len(found.muted)
        before = self._at(self._posed)
        held = before if self.has_keys and before is not None and before.question not in self._sent else None
        rules = self._engine.coordination.inbox.rules
        self._posed = tuple(pose(item, fleet, rules) for item in self._near(waiting))
        if reason := self._sent.look(fleet, (one.question for one in self._posed)):
            self.card.say(our_line("it was not answered: {}", reason))
        if held is not None and held.key not in {one.key for one in self._posed}:
            self._tell_gone(held, now)
        if not self._posed and self.has_keys and not self.card.writes:
            self.post_message(self.Left())
        self._draw(now)

    def _waiting(self) -> list[Attention]:
        return [item for item in self._found.shown if item.urgency.waits]

    def _near(self, waiting: list[Attention]) -> list[Attention]:
        """Return the entries that have a line: the first ones, or those about the one with the cursor."""
        rows = next(number for height, number in ROWS if self.screen.size.height >= height)
        at = next((place for place, item in enumerate(waiting) if key_of(item) == self._cursor), 0)
        top = max(0, at - rows + 1) if self.has_keys else 0
        return waiting[top : top + rows]

    def _at(self, posed: tuple[Posed, ...]) -> Posed | None:
        """Return the entry with the cursor; the first, where that one is gone."""
        return next((one for one in posed if one.key == self._cursor), posed[0] if posed else None)

    def _tell_gone(self, gone: Posed, now: float) -> None:
        if gone.item.urgency is Urgency.ASKING:
            self._gone = (our_line("withdrawn: {} does not wait any more", gone.who), now + WITHDRAWN_FOR)
            self.card.withdraw()

    def _draw(self, now: float) -> None:
        framed = self.screen.size.height >= FRAMED
        keys = self.has_keys
        said = self._gone[0] if now < self._gone[1] else NOTHING
        self.set_class(bool(self._posed) or self.card.writes or bool(said), "-waits")
        self.set_class(framed, "-framed")
        self.set_class(keys and self._at(self._posed) is not None, "-keys")
        width = self.screen.size.width - (2 if framed else 0)
        current = self._at(self._posed) if keys else None
        at = self._posed.index(current) if current is not None else len(self._posed)
        self._rows(".before", self._posed[:at], now, width, NOTHING if current is not None else said)
        self._rows(".after", self._posed[at + 1 :], now, width, said if current is not None else NOTHING)
        if framed:
            self._entitle()
        if current is not None:
            self._cursor = current.key
            if self._pointed != current.key:
                self._pointed = current.key
                self.post_message(self.Pointed(current.item))
            room = max(LEAST_ROOM, min(MOST_ROOM, self.screen.size.height // 2 - len(self._posed) - 2))
            self.card.show(current, now, width - 2, room, self._sent.said(current.question))
        elif not self.card.writes:
            self.card.hide()

    def _rows(self, which: str, posed: tuple[Posed, ...], now: float, width: int, said: Clean) -> None:
        plain = self.query_one(which, Plain)
        hidden = self._number - len(self._posed)
        more: list[Piece] = []
        if which == ".before" and not self.has_keys and hidden > 0 and self.screen.size.height < FRAMED:
            more = [(our_line(" +{} ", hidden), "bold $agent-asking")]
        lines: list[Content] = []
        names = tuple(one.who for one in self._posed)
        for one in posed:
            kept = pieces_width(more) if one is posed[-1] else 0
            sent = self._sent.said(one.question)
            # Where one has the keys it stands in full, and takes the room of the others' options.
            if self.has_keys:
                drawn = [entry_line(one, now, width, sent=sent, kept=kept, names=names)]
            else:
                drawn = entry_lines(one, now, width, sent=sent, kept=kept, names=names)
            if one is posed[-1]:
                drawn[0] += content(more)
            lines += drawn
        if said:
            lines.append(content([(ours(" · "), "$muted"), (said, "$link-degraded")]))
        plain.set_class(not lines, "-none")
        plain.show(content([(ours("\n"), "")]).join(lines), layout=True)

    def _entitle(self) -> None:
        hidden = self._number - len(self._posed)
        pieces: list[Piece] = [(ours(" NEEDS YOU "), "bold $agent-asking")]
        if hidden > 0:
            pieces.append((our_line("+{} more · I ", hidden), "$muted"))
        if self._off:
            pieces.append((our_line("· {} put off ", self._off), "$muted"))
        if not self.has_keys:
            pieces.append((ours("· ! answers "), "$muted"))
        set_title(self, content(pieces))

    # --- keys ----------------------------------------------------------------------------------------

    def watch_has_focus(self, has_focus: bool) -> None:
        """Take the keys or give them back; to the message of the focus itself it would not have them yet."""
        super().watch_has_focus(has_focus)
        if has_focus:
            self._take_keys()
        else:
            self.call_after_refresh(self._left_keys)

    def _take_keys(self) -> None:
        """Begin with the oldest, unless the field of another was just closed."""
        # Whoever gave it the keys knew what began to wait since the last look: without it there were nothing to answer.
        self._found = inbox(self._engine.fleet, self._engine.now())
        if self._posed and not any(one.key == self._cursor for one in self._posed):
            self._cursor = self._posed[0].key
        self._again()

    def _left_keys(self) -> None:
        if not self.has_keys:
            self._cursor = self._pointed = ""
            self.card.hide()
        self._again()

    def frame_painted(self, at: float) -> None:
        """Take that a frame of the screen was painted."""
        if self.has_keys:
            self.card.frame_painted(at)

    def _again(self) -> None:
        if self.is_mounted:
            self.flush(self._engine.fleet, self._found, self._engine.now())

    def on_key(self, event: events.Key) -> None:
        """Take what is this strip's; all else goes its usual way."""
        if not self.has_focus:
            return
        key = key_name(event.key, event.character)
        match key:
            case "up" | "k":
                self._step(-1, around=False)
            case "down" | "j":
                self._step(1, around=False)
            case "exclamation_mark":
                self._step(1, around=True)
            case "escape":
                self.post_message(self.Left())
            case _ if not self.card.press(key, event.time):
                return
        event.stop()
        event.prevent_default()

    def _step(self, step: int, *, around: bool) -> None:
        waiting = self._waiting()
        if not waiting:
            return
        at = next((place for place, item in enumerate(waiting) if key_of(item) == self._cursor), 0) + step
        at = at % len(waiting) if around else max(0, min(at, len(waiting) - 1))
        self._cursor = key_of(waiting[at])
        self.card.say(NOTHING)
        self._again()

    # --- what became of it ---------------------------------------------------------------------------

    def sent(self, posed: Posed, command: CommandId, said: str) -> None:
        """Take that an answer is on its way."""
        self._sent.add(posed, command, said)
        self.card.done()
        self._again()

    def refuse(self, reason: Clean) -> None:
        """Say that an answer was refused, where it was pressed."""
        self.card.refuse(reason)

    @on(QuestionCard.Closed)
    def _field_closed(self, message: QuestionCard.Closed) -> None:
        message.stop()
        self.focus()
