"""The composer: where the operator writes to an agent. Its border names the recipient and which of three acts it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from cockpit.model.attachments import as_reference, references_in
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut
from cockpit.ui.look.states import MODE_MEANINGS, MODE_STYLES, Mode
from cockpit.ui.widgets.data_fields import DataTextArea
from cockpit.ui.widgets.frame import set_subtitle, set_title
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.slash_list import SlashList

HISTORY = 100
"""Sent texts kept for the up key."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written to one agent and not sent yet."""

    text: str = ""
    mode: Mode | None = None
    """The act the operator chose; None follows the agent's state."""
    taken_back: tuple[CommandId, ...] = ()
    """The commands whose texts were taken back into it."""


class Composer(DataTextArea):
    """A text area that sends on enter, keeps a draft per agent, and never changes its recipient under the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,alt+enter", "newline", "newline", show=False, priority=True),
        Binding("ctrl+t", "cycle_mode", "mode", show=False, priority=True),
        Binding("ctrl+o", "toggle_checkpoint", "commit first", show=False, priority=True),
        Binding("escape", "leave", "leave", show=False, priority=True),
    ]

    @dataclass
    class Submitted(Message):
        """The operator sent a text; the recipient is the one the border named."""

        agent: AgentId
        mode: Mode
        text: str
        taken_back: tuple[CommandId, ...] = ()
        """The commands whose texts were taken back into this one."""
        checkpoint: bool = False
        """A commit is to be taken first, to which one can go back."""

    @dataclass
    class ModeChanged(Message):
        """The operator chose another act."""

        mode: Mode

    @dataclass
    class Left(Message):
        """The operator backed out of the composer."""

    def __init__(self, slash: SlashList | None = None, *, id: str | None = None) -> None:
        """Prepare.

        Args:
            slash: shows the words behind `/` that can be chosen; None offers none.
        """
        super().__init__(id=id)
        self._slash = slash
        self._recipient: AgentId | None = None
        self._recipient_name = ""
        self._busy = False
        self._refusal = ""
        self._drafts: dict[AgentId, Draft] = {}
        self._chosen: Mode | None = None
        self._taken_back: tuple[CommandId, ...] = ()
        self._checkpoint = False
        self._history: list[str] = []
        self._history_at: int | None = None
        self._title_key: tuple[object, ...] = ()

    @property
    def mode(self) -> Mode:
        """The act that enter would do now."""
        if self._chosen is not None:
            return self._chosen
        return Mode.FOLLOW_UP if self._busy else Mode.PROMPT

    @property
    def recipient(self) -> AgentId | None:
        """Whom the border names."""
        return self._recipient

    @property
    def checkpoint(self) -> bool:
        """Whether a commit is taken before a text."""
        return self._checkpoint

    @property
    def refusal(self) -> str:
        """Why enter would not send now, or empty text."""
        return self._refusal

    def address(self, agent: AgentId | None, name: str, *, busy: bool) -> None:
        """Name the recipient. The draft of the one before is kept and comes back with it."""
        if agent != self._recipient:
            if self._recipient is not None and (self.text or self._taken_back):
                self._drafts[self._recipient] = Draft(self.text, self._chosen, self._taken_back)
            draft = self._drafts.pop(agent, Draft()) if agent is not None else Draft()
            self._recipient = agent
            self._chosen = draft.mode
            self._taken_back = draft.taken_back
            self._history_at = None
            self.text = draft.text
            self.move_cursor(self.document.end)
        elif busy != self._busy and self.text and self._chosen is None:
            # The act must not change under a text that is being written.
            self._chosen = self.mode
        self._recipient_name, self._busy = name, busy

    def hand_on(self, other: Composer) -> None:
        """Give all that is written here to another composer, of which alone is seen from now on; both write to nobody.

        What they have in common from then on is kept once: drafts, and the texts that were sent.
        """
        for composer in (self, other):
            composer.address(None, "", busy=False)
        other._drafts, other._history, other._checkpoint = self._drafts, self._history, self._checkpoint

    def choose(self, mode: Mode | None) -> None:
        """Set the act; None lets the agent's state decide again."""
        before = self.mode
        self._chosen = mode
        if self.mode is not before:
            self.post_message(self.ModeChanged(self.mode))

    def describe(self, refusal: str) -> None:
        """Draw border, title and placeholder for the present recipient, act and refusal."""
        self._refusal = refusal
        name, width = self._recipient_name, self.size.width
        images = len(references_in(self.text)) if "@" in self.text else 0
        key = (self._recipient, name, self.mode, refusal, self.has_focus, width, self._checkpoint, images)
        if key == self._title_key:
            return
        self._title_key = key
        look = MODE_STYLES[self.mode]
        for mode in Mode:
            self.set_class(mode is self.mode and self._recipient is not None, f"-{mode.value}")
        self.set_class(bool(refusal), "-refused")
        if self._recipient is None:
            set_title(self, content([(ours(" no agent selected "), "$muted")]))
            set_subtitle(self, content([]))
            self.placeholder = content([])
            return
        name = cut(clean_line(self._recipient_name), max(8, self.size.width - 24))
        set_title(
            self,
            content(
                [
                    (our_line(" {} {} ", look.glyph, look.word), f"bold reverse {look.style}"),
                    (ours(" → "), "$muted"),
                    (name, "bold"),
                    (ours(" · commit first") if self._checkpoint else NOTHING, "$accent"),
                    (our_line(" · ▣ {} image{}", images, "" if images == 1 else "s") if images else NOTHING, "$accent"),
                ]
            ),
        )
        set_subtitle(self, content(self._subtitle(refusal)))
        hint = our_line("{} {}: {}", look.word.lower(), self._recipient_name, MODE_MEANINGS[self.mode])
        # Plain text would be read as markup here.
        self.placeholder = content([] if refusal else [(cut(hint, max(0, self.size.width - 1)), "")])

    def _subtitle(self, refusal: str) -> list[Piece]:
        if refusal:
            return [
                (ours("✗ "), "$agent-failed"),
                (cut(clean_line(refusal), max(10, self.size.width - 6)), "$agent-failed"),
            ]
        if not self.has_focus:
            return []
        keys: list[Piece] = [(ours("⏎"), "bold"), (ours(" send  "), "$muted")]
        keys += [(ours("^j"), "bold"), (ours(" newline  "), "$muted")]
        return [
            *keys,
            (ours("^t"), "bold"),
            (ours(" mode  "), "$muted"),
            (ours("^o"), "bold"),
            (ours(" commit  "), "$accent" if self._checkpoint else "$muted"),
            (ours("esc"), "bold"),
            (ours(" back"), "$muted"),
        ]

    async def _on_key(self, event: events.Key) -> None:
        """Send on enter; walk through the history at the first and last line, or choose a word behind `/`."""
        if self._completed(event.key):
            event.stop()
            event.prevent_default()
        elif event.key == "enter":
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in ("up", "down") and self._walked(event.key):
            event.stop()
            event.prevent_default()

    @on(TextArea.Changed)
    def _look_for_words(self) -> None:
        if self._slash is not None:
            self._slash.look(self._recipient, self.text if self.has_focus else "")

    @on(events.Focus)
    def _offer_words(self) -> None:
        if self._slash is not None:
            self._slash.look(self._recipient, self.text)

    @on(events.Blur)
    def _offer_nothing(self) -> None:
        if self._slash is not None:
            self._slash.look(None, "")

    def put(self, text: str) -> None:
        """Have a text written, to go on behind it."""
        self.text = text
        self.move_cursor(self.document.end)

    def _completed(self, key: str) -> bool:
        """Move in the list of words behind `/`, or take the chosen one; return whether the key was for it."""
        slash = self._slash
        if slash is None or not slash.shown or (key == "enter" and slash.is_whole()):
            return False
        if key in ("up", "down"):
            slash.move(-1 if key == "up" else 1)
        elif key in ("tab", "enter"):
            self.put(f"/{slash.chosen()} ")
        else:
            return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        """Take a paste in; the path of an image alone becomes the name by which it goes along."""
        reference = "" if self.read_only else as_reference(event.text)
        if not reference:
            await super()._on_paste(event)
            return
        event.stop()
        event.prevent_default()
        self.move_cursor(self.replace(reference, *self.selection).end_location)

    def action_send(self) -> None:
        """Send the text as it is to the recipient the border names; a refused one stays."""
        text = self.text
        if self._recipient is None or not text.strip():
            return
        if self._refusal:
            notice(self, clean_line(self._refusal), title=ours("Not sent"), severity="warning")
            return
        mode = self.mode
        self._history = [*self._history[-(HISTORY - 1) :], text]
        self._history_at = None
        taken_back, self._taken_back = self._taken_back, ()
        self._chosen = None
        self.text = ""
        self.post_message(self.Submitted(self._recipient, mode, text, taken_back, self._checkpoint))

    def take_back(self, command: CommandId, mode: Mode, text: str) -> None:
        """Bring back a text that was sent and not read; it goes behind a draft that is there already."""
        if command not in self._taken_back:
            self._taken_back = (*self._taken_back, command)
            self.text = f"{self.text}\n\n{text}" if self.text.strip() else text
            self.move_cursor(self.document.end)
            self.choose(mode)

    def action_newline(self) -> None:
        """Begin a new line, in place of what is selected."""
        self._replace_via_keyboard("\n", *self.selection)

    def written_by(self, event: events.Key) -> str:
        """Return what a key writes here: one begins a line."""
        return "\n" if event.key == "ctrl+j" and not self.read_only else super().written_by(event)

    def action_cycle_mode(self) -> None:
        """Choose the next act."""
        modes = list(Mode)
        self.choose(modes[(modes.index(self.mode) + 1) % len(modes)])

    def action_toggle_checkpoint(self) -> None:
        """Have a commit taken before each text from now on, or no more."""
        self._checkpoint = not self._checkpoint
        if self._checkpoint:
            notice(self, our_line("A commit is taken before each text: {}.", IN_THE_COMMIT))
        self.post_message(self.ModeChanged(self.mode))

    def action_leave(self) -> None:
        """Go back to where the operator came from; the draft stays."""
        self.post_message(self.Left())

    def _walked(self, key: str) -> bool:
        """Walk through the history where the cursor cannot go further; return whether it did."""
        if key == "up":
            return self.cursor_location[0] == 0 and self._walk_history(-1)
        return self._history_at is not None and self._walk_history(1)

    def _walk_history(self, step: int) -> bool:
        """Show an older or newer text that was sent; return whether there was one."""
        if not self._history or (self._history_at is None and self.text):
            return False
        at = len(self._history) if self._history_at is None else self._history_at
        at += step
        if at < 0:
            return True
        if at >= len(self._history):
            self._history_at = None
            self.text = ""
            return True
        self._history_at = at
        self.text = self._history[at]
        self.move_cursor(self.document.end)
        return True
