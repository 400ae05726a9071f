"""One text to several agents: who gets it, and what it becomes for each of them, stands there before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.model.telling import TextManner, becomes
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.reply_field import ReplyField

NAME_CELLS = 22
"""Cells of a recipient's name."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be sent to whom."""

    agents: tuple[AgentId, ...]
    text: str
    manner: TextManner


class TellDialog(Guarded, Dialog[Telling]):
    """Dismisses with the text and its recipients, who are frozen: only what is typed as `to` changes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "turn", "how", show=False, priority=True),
        Binding("ctrl+up", "see(-1)", "scroll", show=False, priority=True),
        Binding("ctrl+down", "see(1)", "scroll", show=False, priority=True),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "send"),
        ("^j", "newline"),
        ("^t", "how"),
        ("tab", "to whom"),
        ("esc", "cancel"),
    )

    def __init__(
        self,
        agents: Sequence[Agent],
        fleet: Callable[[], Fleet],
        meant: Callable[[str], Sequence[Agent]],
        refusal: Callable[[Agent, TextManner], str],
        manner: TextManner = TextManner.FITS,
    ) -> None:
        """Prepare.

        Args:
            agents: who gets it; nobody leaves it to what is typed.
            fleet: the newest snapshot, for what a text would become.
            meant: who is meant by a line of names, or a filter.
            refusal: why a text to an agent would be refused now.
            manner: how the text is meant at first.
        """
        super().__init__(ours("Tell"), classes="tell")
        self._agents = tuple(agents)
        self._asks = not agents
        self._fleet = fleet
        self._meant = meant
        self._refusal = refusal
        self._manner = manner

    def compose_body(self) -> ComposeResult:
        """Yield the recipients, the field that says who they are where nobody was marked, and the text."""
        if self._asks:
            yield DataInput(placeholder=ours("to: names, or a filter such as kind:worker -state:idle"), id="to")
        yield ReplyField(placeholder=ours("the text"), id="text")
        with VerticalScroll(id="named", can_focus=False):
            yield Plain(NOTHING, id="targets")

    def on_mount(self) -> None:
        self.query_one("#to" if self._asks else "#text").focus()
        if not self._asks:
            self.show_keys(*(key for key in self.KEYS if key[0] != "tab"))
        self._name_them()

    @on(Input.Changed, "#to")
    def _addressed(self, event: Input.Changed) -> None:
        event.stop()
        self._agents = tuple(self._meant(event.value))
        self._name_them()

    @on(Input.Submitted, "#to")
    def _to_the_text(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#text").focus()

    @on(ReplyField.Advised)
    def _advised(self) -> None:
        self._name_them()

    @on(ReplyField.Sent)
    def _send(self, sent: ReplyField.Sent) -> None:
        sent.stop()
        refusals = [self._refusal(agent, self._manner) for agent in self._agents]
        if refusals and all(refusals):
            notice(self, clean_line(refusals[0]), title=ours("Not sent"), severity="warning")
        elif self._agents:
            self.dismiss(Telling(tuple(agent.id for agent in self._agents), sent.text, self._manner))
        else:
            notice(self, ours("Nobody is meant yet: write names or a filter above."), severity="warning")

    def action_turn(self) -> None:
        """Mean the text otherwise."""
        manners = list(TextManner)
        self._manner = manners[(manners.index(self._manner) + 1) % len(manners)]
        self._name_them()

    def action_see(self, lines: int) -> None:
        """Move the recipients, where they have no room."""
        self.query_one("#named").scroll_relative(y=lines, animate=False)

    def _name_them(self) -> None:
        number = len(self._agents)
        self.retitle(our_line("Tell {} agent{} · {}", number, "" if number == 1 else "s", self._manner.value))
        fleet = self._fleet()
        lines = [self._line(fleet, agent) for agent in self._agents] or [content([(ours("to nobody yet"), "$muted")])]
        if advice := self.query_one(ReplyField).advice:
            lines.insert(0, content([(our_line("! {}", advice), "$agent-asking")]))
        self.query_one("#targets", Plain).show(content([(ours("\n"), "")]).join(lines), layout=True)

    def _line(self, fleet: Fleet, agent: Agent) -> Content:
        refusal = self._refusal(agent, self._manner)
        become: tuple[Clean, str] = (clean_line(becomes(fleet, agent, self._manner)), "$muted")
        said = (our_line("not sent: {}", refusal), "$agent-failed") if refusal else become
        pieces: list[Piece] = [
            (ours("✗ ") if refusal else ours("→ "), "$agent-failed" if refusal else "bold $accent"),
            (fit_name(clean_line(agent.name), NAME_CELLS), "bold"),
            (ours(" "), ""),
            said,
        ]
        return content(pieces)
