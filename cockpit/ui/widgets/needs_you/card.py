"""The card: one entry in full, with the keys that answer it; it says at the place why a key is not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from cockpit.model.attention import Attention
from cockpit.model.commands.agent import Answer
from cockpit.model.commands.owed import AnswerOwed
from cockpit.model.inbox.question import answer_by_text, answer_with, refused
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import content, cut
from cockpit.ui.terminal.driver import TerminalDriver
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.needs_you.lines import Layout, head_line, hints, lay_out
from cockpit.ui.widgets.needs_you.posed import LINE, Posed
from cockpit.ui.widgets.needs_you.reply import KeyJudge
from cockpit.ui.widgets.needs_you.sight import Sight, read_at
from cockpit.ui.widgets.plain import Plain

ANSWER, BECAUSE = "answer", "because"
"""What is written in the field: an answer, or why not."""

LEAST_WORDS = 1


class WatchedLines(Plain):
    """Tells a sight when all of it is in a frame."""

    sight: Sight

    def render_lines(self, crop: Region) -> list[Strip]:
        """Compose its lines."""
        if crop.width >= self.size.width and crop.height >= self.size.height and self.size.height:
            self.sight.rendered()
        return super().render_lines(crop)


class QuestionCard(Vertical):
    """Whoever holds it hands keys to `press`, with the moment at which each was read."""

    DEFAULT_CSS = """
    QuestionCard { height: auto; }
    QuestionCard DataInput { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    QuestionCard.-writes DataInput { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close_field", "close", show=False, priority=True),
    ]

    @dataclass
    class Answered(Message):
        """An answer is to be given."""

        card: QuestionCard
        posed: Posed
        command: Answer | AnswerOwed
        reason: str = ""
        """What the agent is told beside a no."""

    @dataclass
    class Wanted(Message):
        """Something else is to be done about an entry."""

        card: QuestionCard
        item: Attention
        act: str
        """The key: `enter` to go there, or one of its acts."""

    @dataclass
    class Closed(Message):
        """The field is closed; whoever holds the card takes the keys back."""

        card: QuestionCard

    def __init__(self, *, leaves: bool = True, opens: bool = True, id: str | None = None) -> None:
        """Prepare.

        Args:
            leaves: whoever holds it has keys for the next entry and for leaving, which are named with its own.
            opens: enter leads to where more of an entry is seen.
        """
        super().__init__(id=id)
        self._leaves, self._opens = leaves, opens
        self.sight = Sight(self._taken)
        self.posed: Posed | None = None
        """What is posed now."""
        self.sent = ""
        """What was answered, while it is on its way."""
        self._reply = KeyJudge(self.sight)
        self._layout = Layout((), ())
        self._top = 0
        self._seen_to = 0
        """Lines of the words that were shown, from the first on."""
        self._room = 8
        self._width = 0
        self._said, self._stays = NOTHING, False
        self._about = ""
        """The question to which what is said belongs."""
        self._now = 0.0
        self._field_for: Posed | None = None
        self._withdrawn = False
        """What is being answered waits no more."""
        self._purpose = ANSWER
        self._lines = 0

    def compose(self) -> ComposeResult:
        seen = WatchedLines(classes="card-lines")
        seen.sight = self.sight
        yield seen
        yield DataInput()

    @property
    def writes(self) -> bool:
        """Whether the field is open."""
        return self._field_for is not None

    def _taken(self, composed: float) -> float | None:
        driver = self.app._driver
        return driver.taken(composed) if isinstance(driver, TerminalDriver) else composed

    def frame_painted(self, at: float) -> None:
        """Take that a frame was painted; what stands in it was shown."""
        if self.sight.painted(at) and self._top <= self._seen_to:
            self._seen_to = max(self._seen_to, self._top + self._words_room())

    def hide(self) -> None:
        """Take that it is in sight no more."""
        self.sight.hide()
        self._reply.disarm()

    # --- what is shown -------------------------------------------------------------------------------

    def show(self, posed: Posed, now: float, width: int, room: int, sent: str = "") -> None:
        """Pose an entry.

        Args:
            posed: the entry.
            now: unix seconds.
            width: cells.
            room: lines at most; what does not fit is paged through.
            sent: what was answered already.
        """
        if self._field_for is not None and posed.question != self._field_for.question:
            self.withdraw()
            return
        if self.posed is None or posed.question != self.posed.question or width != self._width:
            self._top = self._seen_to = 0
        if posed.question != self._about:
            self._said, self._about = (self._said if self._stays else NOTHING), posed.question
            self._stays = False
        self.posed, self.sent, self._now, self._width, self._room = posed, sent, now, width, room
        self._draw()

    def withdraw(self) -> None:
        """Say that what is being answered waits no more; what was written stays until it is dropped."""
        if self._field_for is not None:
            self._withdrawn = True
            self.say(ours("it waits no more: nothing was sent · esc drops what you wrote"))

    def done(self) -> None:
        """Take that what was written is on its way."""
        if self.writes:
            self.action_close_field()

    def say(self, text: Clean) -> None:
        """Say something where the keys are pressed, until another entry is posed."""
        self._said, self._stays = text, False
        self._draw()

    def refuse(self, reason: Clean) -> None:
        """Say why an answer was not sent, also beside a question that just takes the place of its own."""
        self.say(our_line("nothing was sent: {}", reason))
        self._stays = True

    def _words_room(self) -> int:
        """Return how many lines of the words are shown."""
        spare = self._room - 2 - len(self._layout.options)
        if len(self._layout.words) <= spare:
            return len(self._layout.words)
        return max(LEAST_WORDS, spare - 1)

    @property
    def _fits(self) -> bool:
        """Whether the options stand there whole."""
        return len(self._layout.options) + 2 + LEAST_WORDS <= self._room

    @property
    def scrolls(self) -> bool:
        """Whether not all of its words are in sight at once."""
        return self._words_room() < len(self._layout.words)

    def _draw(self) -> None:
        posed = self.posed
        if posed is None:
            return
        armed = self._reply.armed_for(posed.question)
        self._layout = lay_out(posed, self._width, armed)
        number = self._words_room()
        self._top = max(0, min(self._top, len(self._layout.words) - number))
        words = self._layout.words[self._top : self._top + number]
        lines = [head_line(posed, self._now, self._width, self.sent), *(content([(line, "")]) for line in words)]
        if self.scrolls:
            lines.append(self._place())
        if not self.sent:
            lines += self._layout.options if self._fits else [content([(ours("⏎ shows its options"), "$muted")])]
        lines.append(self._foot())
        self.sight.put((posed.question, armed, self._width, self._top, words, self._fits, bool(self.sent)))
        seen = self.query_one(WatchedLines)
        seen.show(content([(ours("\n"), "")]).join(lines), layout=len(lines) != self._lines)
        if self.sight.is_awaited:
            seen.refresh()  # another question may look the same
        self._lines = len(lines)

    def _place(self) -> Content:
        below = len(self._layout.words) - self._top - self._words_room()
        word = our_line("↓ {} more · pgdn", below) if below else our_line("↑ {} above · this is its end", self._top)
        return content([(cut(word, self._width), "$muted")])

    def _foot(self) -> Content:
        assert self.posed is not None
        if self._said:
            return content([(cut(self._said, self._width), "bold $agent-failed")])
        if self.writes:
            what = "why not?" if self._purpose == BECAUSE else "your answer"
            return content([(our_line("{} ", what), "bold"), (ours("· ⏎ sends · esc back"), "$muted")])
        return hints(self.posed, scrolls=self.scrolls, leaves=self._leaves, opens=self._opens, room=self._width)

    # --- keys ----------------------------------------------------------------------------------------

    def press(self, key: str, at: float) -> bool:
        """Take a key that was read at a moment (monotonic seconds); say whether it was one of its own."""
        posed = self.posed
        if posed is None:
            return False
        match key:
            case "pagedown" | "space":
                self._scroll(self._words_room())
            case "pageup":
                self._scroll(-self._words_room())
            case "enter":
                self._open(posed)
            case "N":
                self._because(posed, at)
            case "~":
                self.screen.post_message(self.Wanted(self, posed.item, key))
            case _ if key in "123456789yn" and len(key) == 1:
                self._answer(posed, key, at)
            case _ if key in {act for act, _ in posed.acts}:
                if lacks := self.sight.lacks(at):
                    self.say(our_line("{} was not used: {}", key, lacks))
                    return True
                self.screen.post_message(self.Wanted(self, posed.item, key))
            case _:
                return False
        return True

    def _scroll(self, lines: int) -> None:
        self._top = max(0, self._top + lines)
        self._said = NOTHING
        self._draw()

    def _open(self, posed: Posed) -> None:
        if posed.field == LINE and not self.sent:
            self._write(posed, ANSWER, posed.request.prefill if posed.request is not None else "")
        else:
            self.screen.post_message(self.Wanted(self, posed.item, "enter"))

    def _because(self, posed: Posed, at: float) -> None:
        if posed.can_refuse and not self.refuses_now(posed, "N", at, harmless=True):
            self._write(posed, BECAUSE, "")

    def _answer(self, posed: Posed, key: str, at: float) -> None:
        chosen = next((one for one in posed.answers if key in (one.key, one.also)), None)
        request = posed.request
        if chosen is None or request is None:
            said = "it takes a text: ⏎" if posed.field else "it has no such answer"
            self.say(our_line("{} answers nothing here: {}", key, said))
        elif not self.refuses_now(posed, key, at, harmless=chosen.refuses):
            assert posed.item.agent is not None
            self.screen.post_message(self.Answered(self, posed, answer_with(posed.item.agent, request, chosen)))

    def refuses_now(self, posed: Posed, key: str, at: float, *, harmless: bool, of: str = "") -> bool:
        """Say why a key is not taken, if it is not.

        Args:
            posed: what it would answer.
            key: the key.
            at: when it was read (monotonic seconds).
            harmless: it can let nothing happen.
            of: what it would answer, where that is more than the key says: to be said twice it must be the same again.
        """
        if self.sent:
            self.say(our_line("{}: it is on its way", self.sent))
            return True
        if not self._fits and not harmless:
            self.say(our_line("{} was not used: its options do not fit here: ⏎ shows them", key))
            return True
        ended = self._seen_to >= len(self._layout.words)
        meant = f"{key} {of}" if of else key
        verdict = self._reply.judge(
            posed.question, key, at, harmless=harmless, ended=ended, warning=posed.warning, meant=meant
        )
        if verdict.taken:
            return False
        armed = self._reply.armed_for(posed.question)
        self.say(clean_line(verdict.said) if armed else our_line("{} was not used: {}", key, verdict.said))
        return True

    # --- the field -----------------------------------------------------------------------------------

    def _write(self, posed: Posed, purpose: str, text: str) -> None:
        self._field_for, self._purpose, self._said = posed, purpose, NOTHING
        field = self.query_one(DataInput)
        field.value = text
        self.add_class("-writes")
        field.focus()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The field is closed only while it is open."""
        return self.writes if action == "close_field" else True

    def action_close_field(self) -> None:
        """Drop what is written, and give the keys back."""
        self._field_for, self._said, self._withdrawn = None, NOTHING, False
        self.query_one(DataInput).value = ""
        self.remove_class("-writes")
        self.post_message(self.Closed(self))
        self._draw()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        posed, text = self._field_for, event.value
        if posed is None or self._withdrawn or self.sent:
            self.withdraw()
            return
        if not text.strip() and (self._purpose == BECAUSE or posed.request is None):
            self.say(ours("write a word, or esc"))
            return
        harmless = self._purpose == BECAUSE
        if self.refuses_now(posed, "⏎", read_at(self.app), harmless=harmless, of=text):
            return
        request, agent = posed.request, posed.item.agent
        command: Answer | AnswerOwed
        reason = ""
        if request is None or agent is None:
            assert posed.item.owed is not None
            command = AnswerOwed(posed.item.owed.key, text)
        elif harmless:
            command, reason = refused(agent, request, text), text
        else:
            command = answer_by_text(agent, request, text)
        # What is written stays until it is on its way: it may be refused.
        self.screen.post_message(self.Answered(self, posed, command, reason))


def key_name(key: str, character: str | None) -> str:
    """Return how a key is called here: what it writes, where it writes something."""
    return character if character is not None and character in "123456789ynNRMw~" else key
