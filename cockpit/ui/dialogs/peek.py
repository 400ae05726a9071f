"""A look at one agent over the list: its last words as they come, what it asks, and a line to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.model.telling import TextManner, becomes, order_to
from cockpit.model.why import headline
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import Piece, age, content
from cockpit.ui.look.states import style_of
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.reply_field import ReplyField

REFRESH = 0.25
"""Seconds between two looks at what came."""

LOW = 30
"""Lines of the screen below which the look takes all of it."""

MOST_OPTIONS = 6
"""Options of a question that are named."""


@dataclass(frozen=True, slots=True)
class Peeked:
    """What a peek ended with: the text that was written, and what is to be done with it."""

    text: str
    sent: TextManner | None = None
    """How it is meant, if it is to be sent; otherwise it is a draft."""
    answer: bool = False
    """The agent's question is to be answered."""


class PeekDialog(Guarded, Dialog[Peeked]):
    """Everything in it is of the agent it was opened for, whatever the list below does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "turn", "how", show=False, priority=True),
        Binding("ctrl+a", "answer", "answer", show=False, priority=True),
        Binding("pageup", "page(-1)", "older", show=False, priority=True),
        Binding("pagedown", "page(1)", "newer", show=False, priority=True),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "send"),
        ("^a", "answer"),
        ("^t", "how"),
        ("^j", "newline"),
        ("pgup", "older"),
        ("esc", "back; the text stays"),
    )

    def __init__(self, engine: CockpitPort, agent: Agent, draft: str, *, read_only: bool) -> None:
        """Prepare.

        Args:
            engine: what tells how the agent is, and what it says.
            agent: whose words are shown, and who gets the text.
            draft: what was written to it and not sent yet.
            read_only: nothing can be written.
        """
        super().__init__(clean_line(agent.name), classes="peek")
        self._engine = engine
        self._agent: AgentId = agent.id
        self._called = agent.name
        self._draft = draft
        self._read_only = read_only
        self._manner = TextManner.FITS

    def compose_body(self) -> ComposeResult:
        """Yield its state, its last words, its question, and the line."""
        yield Plain(NOTHING, id="state")
        yield TranscriptView(id="said")
        yield Plain(NOTHING, id="asks")
        if not self._read_only:
            yield Plain(NOTHING, id="becomes")
            yield ReplyField(placeholder=our_line("to {} alone", self._called), id="text")

    def on_mount(self) -> None:
        said = self.query_one(TranscriptView)
        said.can_focus = False
        said.show(self._engine.transcript(self._agent))
        if self._read_only:
            self.show_keys(("pgup pgdn", "read"), ("esc", "back"))
        else:
            field = self.query_one(ReplyField)
            field.text = self._draft
            field.move_cursor(field.document.end)
            field.focus()
        self.set_interval(REFRESH, self._flush)
        self.call_after_refresh(self._flush)

    def on_resize(self, event: events.Resize) -> None:
        """Take the whole of a low screen: the keys are to be seen there as well."""
        self.set_class(event.size.height < LOW, "-low")

    @property
    def _now_there(self) -> Agent | None:
        return self._engine.fleet.agent(self._agent)

    def _flush(self) -> None:
        agent, fleet = self._now_there, self._engine.fleet
        self.query_one(TranscriptView).flush()
        self.query_one("#state", Plain).show(content(self._state(agent, fleet)))
        self.query_one("#asks", Plain).show(content(_question(agent)), layout=True)
        if not self._read_only:
            self.query_one("#becomes", Plain).show(content(self._becomes(agent, fleet)))

    def _state(self, agent: Agent | None, fleet: Fleet) -> list[Piece]:
        if agent is None:
            return [(ours("✗ gone"), "bold $agent-failed")]
        now = self._engine.now()
        head = headline(agent, fleet.vm(agent.vm_id), now)
        look = style_of(head)
        pieces: list[Piece] = [(our_line("{} {}", look.glyph, look.word), look.style)]
        if since := agent.activity.since:
            pieces.append((our_line(" {}", age(now - since)), "$muted"))
        if head.link:
            pieces.append((our_line(" · {}", head.link), "$link-down"))
        pieces.append((our_line(" · {} · {}", agent.kind.value, agent.role or agent.program or "no role"), "$muted"))
        return pieces

    def _becomes(self, agent: Agent | None, fleet: Fleet) -> list[Piece]:
        if agent is None:
            return [(our_line("✗ {} is gone", self._called), "$agent-failed")]
        if refusal := self._refusal(agent, fleet):
            return [(our_line("✗ {}", refusal), "$agent-failed")]
        if advice := self.query_one(ReplyField).advice:
            return [(our_line("! {}", advice), "$agent-asking")]
        return [
            (our_line("→ {} ", self._called), "bold $accent"),
            (clean_line(becomes(fleet, agent, self._manner)), "$muted"),
        ]

    def _refusal(self, agent: Agent, fleet: Fleet) -> str:
        return self._engine.disabled_reason(order_to(fleet, agent, "…", self._manner))

    @on(ReplyField.Sent)
    def _send(self, sent: ReplyField.Sent) -> None:
        """Let the text go to the agent the dialog names; a refused one stays."""
        sent.stop()
        agent = self._now_there
        refusal = self._refusal(agent, self._engine.fleet) if agent is not None else f"{self._called} is gone"
        if refusal:
            notice(self, clean_line(refusal), title=ours("Not sent"), severity="warning")
        else:
            self.dismiss(Peeked(sent.text, self._manner))

    def action_turn(self) -> None:
        """Mean the text otherwise."""
        manners = list(TextManner)
        self._manner = manners[(manners.index(self._manner) + 1) % len(manners)]
        self._flush()

    def action_answer(self) -> None:
        """Go on to its question, if it has one; the text stays a draft."""
        agent = self._now_there
        if agent is None or not agent.activity.dialogs:
            notice(self, our_line("{} asks nothing", self._called), severity="warning")
        else:
            self.dismiss(Peeked(self._text(), answer=True))

    def action_page(self, direction: int) -> None:
        """Read older or newer words."""
        self.query_one(TranscriptView).action_page(direction)

    def action_back_out(self) -> None:
        """Close; what was written stays a draft."""
        self.dismiss(Peeked(self._text()))

    def _text(self) -> str:
        return "" if self._read_only else self.query_one(ReplyField).text


def _question(agent: Agent | None) -> list[Piece]:
    if agent is None or not agent.activity.dialogs:
        return []
    request = agent.activity.dialogs[0].request
    pieces: list[Piece] = [(our_line("? {}", request.title or request.message or request.method), "bold $agent-asking")]
    for number, option in enumerate(request.options[:MOST_OPTIONS], 1):
        pieces += [(our_line("  {} ", number), "bold $accent"), (clean_line(option), "")]
    if len(request.options) > MOST_OPTIONS:
        pieces.append((our_line("  and {} more", len(request.options) - MOST_OPTIONS), "$muted"))
    return pieces
