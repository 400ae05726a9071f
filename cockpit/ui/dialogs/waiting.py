"""What waits in an agent, as it is now: each text with its kind and age, what becomes of it, and keys to change it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.fleet import UNKNOWN_TIME
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.queue import QueueKind, Waiting, fate_of, losing_images
from cockpit.model.receipts.judgement import TAKEN_OUT
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut
from cockpit.ui.look.states import MODE_STYLES, Mode
from cockpit.ui.undo import order
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

REFRESH = 0.25
"""Seconds between two looks at the queue."""

CLEAR = "clear"
"""What the panel comes to if the queue is to be emptied: that is asked once more."""


class QueuePanel(Panel):
    """A list that stays as the queue is; it closes with `clear`, or with the id of the receipt of a text taken out."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "choose"),
        ("⏎", "take back"),
        ("s", "make it a steer"),
        ("x", "clear"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False, priority=True),
        Binding("up,k", "move(-1)", "up", show=False, priority=True),
        Binding("enter,t", "take", "take back", show=False, priority=True),
        Binding("s", "steer", "steer", show=False),
        Binding("x", "clear", "clear", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, engine: CockpitPort, agent: AgentId, *, read_only: bool) -> None:
        super().__init__()
        self._engine = engine
        self._agent = agent
        self._read_only = read_only
        self._waiting: dict[str, Waiting] = {}
        self._taking: tuple[CommandId, Waiting] | None = None

    def compose(self) -> ComposeResult:
        yield RowList(nothing=(NOTHING, ours("Nothing waits: the agent has read all it accepted.")), id="rows")
        yield Plain(NOTHING, id="fate")

    def on_mount(self) -> None:
        self.set_interval(REFRESH, self._flush)
        self.call_after_refresh(self._flush)

    # --- what is shown -------------------------------------------------------------------------------

    def _flush(self) -> None:
        if not self.is_seen:
            return
        if self._taking is not None and self._is_over(*self._taking):
            return
        rows = self.query_one("#rows", RowList)
        width, now = max(20, rows.size.width - 1), self._engine.now()
        waiting: dict[str, Waiting] = {}
        for one in self._engine.queues.waiting(self._agent):
            # The cursor stays on a text while others come and go; of equal ones it stays on the same place.
            nth = sum((other.kind, other.text) == (one.kind, one.text) for other in waiting.values())
            waiting[f"{one.kind.value} {nth} {one.text}"] = one
        self._waiting = waiting
        rows.set_rows([Row(key, queue_line(one, now, width)) for key, one in waiting.items()])
        self.query_one("#fate", Plain).show(self._fate(width), layout=True)

    def _fate(self, width: int) -> Content:
        agent = self._engine.fleet.agent(self._agent)
        if agent is None or not self._waiting:
            return content([])
        fate = fate_of(agent)
        facts = [("now", fate.now)]
        if fate.by_itself:
            facts += [("after an abort", fate.after_abort), ("after a failure", fate.after_failure)]
        if reason := self._reason(ChangeQueue(self._agent, QueueAct.CLEAR)):
            facts.append(("it cannot be changed", reason))
        elif losing := losing_images(self._waiting.values()):
            facts.append(("a change", losing))
        pieces: list[Piece] = []
        for name, words in facts:
            pieces += [(our_line("\n{}: ", name), "$muted"), (clean_line(words), "")]
        return content(pieces)

    # --- what is done --------------------------------------------------------------------------------

    def _reason(self, command: ChangeQueue) -> str:
        return "the cockpit is read-only" if self._read_only else self._engine.disabled_reason(command)

    def _meant(self) -> Waiting | None:
        return self._waiting.get(self.query_one("#rows", RowList).cursor_key)

    def _order(self, act: QueueAct) -> CommandId | None:
        """Order a change of the text under the cursor, or say why not."""
        meant = self._meant()
        if meant is None or self._taking is not None:
            return None
        command = ChangeQueue(self._agent, act, meant.kind, meant.text)
        if reason := self._reason(command):
            notice(self, clean_line(reason), title=ours("Not changed"), severity="warning")
            return None
        if losing := losing_images(self._waiting.values()):
            notice(self, clean_line(losing), title=ours("Images"), severity="warning")
        return order(self.app, self._engine, command)

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self.query_one("#rows", RowList).action_move(step)

    def action_take(self) -> None:
        """Take the text under the cursor out of the queue, back into the composer."""
        meant = self._meant()
        command_id = self._order(QueueAct.TAKE)
        if meant is not None and command_id is not None:
            self._taking = (command_id, meant)
            self.show_keys(("…", "taking it out of the queue"), ("esc", "close: the inbox will have it"))

    def action_steer(self) -> None:
        """Turn the follow-up under the cursor into a steer."""
        self._order(QueueAct.STEER)

    def action_clear(self) -> None:
        """Take all of it out, once that is asked."""
        reason = self._reason(ChangeQueue(self._agent, QueueAct.CLEAR))
        if reason:
            notice(self, clean_line(reason), title=ours("Not cleared"), severity="warning")
        else:
            self.close(CLEAR)

    def _is_over(self, command_id: CommandId, meant: Waiting) -> bool:
        """Close with the text that was taken out, once it is; say whether that is so."""
        receipts = self._engine.fleet.receipts
        ordered = next((known for known in receipts if known.id == command_id), None)
        if ordered is None or not is_ended(ordered):
            return False
        self._taking = None
        taken = taken_out(receipts, self._agent, meant)
        if taken is not None and ordered.stage is not Stage.UNCONFIRMED:
            self.close(taken.id)
            return True
        self.show_keys(*self.KEYS)
        return False


def taken_out(receipts: tuple[Receipt, ...], agent: AgentId, meant: Waiting) -> Receipt | None:
    """Return the receipt of a text that was taken out of a queue and that nobody read, or None."""
    for known in reversed(receipts):
        unread = known.agent == agent and known.stage is Stage.FAILED and known.reason.startswith(TAKEN_OUT)
        if unread and (known.id == meant.command or known.text.strip() == meant.text.strip()):
            return known
    return None


def queue_line(one: Waiting, now: float, width: int) -> Content:
    """One line of the queue: its kind, how long it waits, whose it is, what it says."""
    look = MODE_STYLES[Mode.STEER if one.kind is QueueKind.STEER else Mode.FOLLOW_UP]
    since = ours("?") if one.since == UNKNOWN_TIME else age(now - one.since)
    pieces: list[Piece] = [
        (our_line(" {} {:<9} ", look.glyph, look.word), look.style),
        (our_line("{:>4} ", since), "$muted"),
    ]
    if one.command is None:
        pieces.append((ours("from elsewhere · "), "$muted"))
    used = sum(len(text) for text, _ in pieces)
    pieces.append((cut(clean_line(one.text), max(8, width - used)), ""))
    return content(pieces)
