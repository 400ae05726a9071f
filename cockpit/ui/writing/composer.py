"""The composer: where the operator writes to an agent. Its border names the recipient and what will really happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from cockpit.errors import Refused
from cockpit.model.attachments import as_reference
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.model.notebook.draft import NO_DRAFT, Draft
from cockpit.model.notebook.named_images import NamedImages
from cockpit.model.notebook.pitfalls import pitfall
from cockpit.model.notebook.port import NotebookPort
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import content, cut
from cockpit.ui.look.states import Mode
from cockpit.ui.widgets.data_fields import DataDocument, DataTextArea
from cockpit.ui.widgets.frame import set_subtitle, set_title
from cockpit.ui.widgets.lull import Lull
from cockpit.ui.widgets.notice import notice
from cockpit.ui.writing.border import Addressed, subtitle, title
from cockpit.ui.writing.editor import edited_text
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.walk import HistoryWalk


class _Document(DataDocument):
    """Counts the images that its text names."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.images = NamedImages(self.lines)

    def lines_changed(self, gone: Sequence[str], come: Sequence[str]) -> None:
        self.images.exchange(gone, come)


class Composer(DataTextArea):
    """A text area that sends on enter, keeps a draft per agent, and never changes its recipient under the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,alt+enter", "newline", "newline", show=False, priority=True),
        Binding("ctrl+t", "cycle_mode", "mode", show=False, priority=True),
        Binding("ctrl+o", "toggle_checkpoint", "commit first", show=False, priority=True),
        Binding("ctrl+e", "open_editor", "editor", show=False, priority=True),
        Binding("ctrl+r", "screen.act('talk.sent')", "find what was sent", show=False, priority=True),
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

    def __init__(self, notebook: NotebookPort, offers: OfferList | None = None, *, id: str | None = None) -> None:
        """Prepare.

        Args:
            notebook: keeps drafts and what was sent.
            offers: shows what can be chosen for what is being written; None offers nothing.
        """
        super().__init__(id=id)
        self._notebook = notebook
        self._offers = offers
        self._recipient: AgentId | None = None
        self._recipient_name = ""
        self._busy = False
        self._refusal = ""
        self._chosen: Mode | None = None
        self._taken_back: tuple[CommandId, ...] = ()
        self._checkpoint = False
        self._walk: HistoryWalk | None = None
        self._pitfall = ""
        self._title_key: tuple[object, ...] = ()
        self._lull = Lull(self, self._read_through)

    def made_document(self, text: str) -> DataDocument:
        """Return what holds a text, and counts in it."""
        return _Document(text)

    @property
    def mode(self) -> Mode:
        """The act that enter would do now."""
        if self._chosen is not None:
            return self._chosen
        return Mode.FOLLOW_UP if self._busy else Mode.PROMPT

    @property
    def recipient(self) -> AgentId | None:
        """Whom the border names first."""
        return self._recipient

    @property
    def checkpoint(self) -> bool:
        """Whether a commit is taken before a text."""
        return self._checkpoint

    @property
    def refusal(self) -> str:
        """Why enter would not send now, or empty text."""
        return self._refusal

    # --- to whom -------------------------------------------------------------------------------------

    def address(self, agent: AgentId | None, name: str, *, busy: bool) -> None:
        """Name the recipient. The draft of the one before is kept and comes back with it."""
        if agent != self._recipient:
            self._keep_draft()
            draft = self._notebook.draft(agent) if agent is not None else NO_DRAFT
            self._recipient = agent
            self._chosen = Mode(draft.mode) if draft.mode else None
            self._taken_back = draft.taken_back
            self._walk = None
            if draft.text or self.text:
                self.put(draft.text)
            else:
                self.history.clear()  # what was written to another cannot come back by an undo here
        elif busy != self._busy and self.text and self._chosen is None:
            # The act must not change under a text that is being written.
            self._chosen = self.mode
        self._recipient_name, self._busy = name, busy

    def _keep_draft(self) -> None:
        """Keep what is written as it is now."""
        if self._recipient is not None:
            self._notebook.keep_draft(self._recipient, self._draft())

    def _draft(self) -> Draft:
        """Return what is written: on the way through the history, what was written before it as well."""
        text, walk = self.text, self._walk
        if walk is not None and not walk.at_written:
            text = walk.written if text == walk.text else _joined(text, walk.written)
        mode = self._chosen.value if self._chosen is not None else ""
        # An act is no choice worth keeping where nothing is written.
        return Draft(text, mode, self._taken_back) if text.strip() else Draft(taken_back=self._taken_back)

    def hand_on(self, other: Composer) -> None:
        """Give what is written here to another composer, of which alone is seen from now on; both write to nobody."""
        # What is written here comes last: it is what counts.
        for composer in (other, self):
            composer.address(None, "", busy=False)
        other._checkpoint = self._checkpoint

    def choose(self, mode: Mode | None) -> None:
        """Set the act; None lets the agent's state decide again."""
        before = self.mode
        self._chosen = mode
        self._keep_draft()
        if self.mode is not before:
            self.post_message(self.ModeChanged(self.mode))

    def describe(self, refusal: str, meaning: str = "") -> None:
        """Draw border and placeholder for the present recipient, act and refusal.

        Args:
            refusal: why enter would not send now.
            meaning: what will really happen to a text.
        """
        self._refusal = refusal
        name = self._recipient_name if self._recipient is not None else ""
        document = self.document
        images = len(document.images) if isinstance(document, _Document) else 0
        said = Addressed(name, self.mode, meaning, refusal, self._pitfall, self._checkpoint, images, self.has_focus)
        width = self.size.width
        if (self._recipient, said, width) == self._title_key:
            return
        self._title_key = (self._recipient, said, width)
        for mode in Mode:
            self.set_class(mode is self.mode and bool(name), f"-{mode.value}")
        self.set_class(bool(refusal), "-refused")
        set_title(self, title(said, width))
        set_subtitle(self, subtitle(said, width))
        hint = our_line("write to {}: {}", self._recipient_name, meaning or self.mode.value)
        # Plain text would be read as markup here.
        self.placeholder = content([(cut(hint, max(0, width - 1)), "")] if name and not refusal else [])

    # --- keys ----------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        """Send on enter; walk through the history at the first and last line, or choose what is offered."""
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
    def _written(self) -> None:
        """Have the draft kept, and see what is being written: nothing of it may cost more for what stands there."""
        if self._recipient is not None:
            self._notebook.follow_draft(self._recipient, self._draft)
        if not self.holds_text:
            self._pitfall = ""
        self._lull.changed()
        self._look()

    def _read_through(self) -> None:
        """See what is to be said of the whole text."""
        before, self._pitfall = self._pitfall, pitfall(self.text)
        if self._pitfall != before:
            self.post_message(self.ModeChanged(self.mode))

    @on(TextArea.SelectionChanged)
    def _look(self) -> None:
        if self.has_focus:
            self._offer_what_fits()

    def _offer_what_fits(self) -> None:
        if self._offers is not None:
            row, column = self.cursor_location
            line = self.document.get_line(row)
            alone = self.document.line_count == 1 and column == len(line)
            self._offers.look(self._recipient, line[:column], alone=alone)

    @on(events.Focus)
    def _offer(self) -> None:
        if self._offers is not None:
            self._offers.renew()
            self._offer_what_fits()

    @on(events.Blur)
    def _offer_nothing(self) -> None:
        if self._offers is not None:
            self._offers.look(None, "", alone=False)

    def put(self, text: str) -> None:
        """Have a text written, to go on behind it."""
        self.text = text
        self.move_cursor(self.document.end)

    def insert_at_cursor(self, text: str) -> None:
        """Put a text where the cursor is, apart from the word before it."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        blank = " " if before and not before[-1].isspace() else ""
        self.move_cursor(self.replace(f"{blank}{text} ", *self.selection).end_location)

    def _completed(self, key: str) -> bool:
        """Move in the list of what can be chosen, or take what is; return whether the key was for it."""
        offers = self._offers
        if offers is None or (chosen := offers.chosen()) is None or (key == "enter" and offers.is_whole()):
            return False
        if key in ("up", "down"):
            offers.move(-1 if key == "up" else 1)
        elif key in ("tab", "enter"):
            start, inserted = chosen
            row, _ = self.cursor_location
            self.move_cursor(self.replace(inserted, (row, start), self.cursor_location).end_location)
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
        text, recipient = self.text, self._recipient
        if recipient is None or not text.strip():
            return
        if self._refusal:
            notice(self, clean_line(self._refusal), title=ours("Not sent"), severity="warning")
            return
        mode, walk = self.mode, self._walk
        self._notebook.note_sent(recipient, text)
        taken_back, self._taken_back = self._taken_back, ()
        self._chosen = self._walk = None
        # What was written before an older text was taken is still to be sent.
        self.put(walk.written if walk is not None and not walk.at_written else "")
        self._keep_draft()
        self.post_message(self.Submitted(recipient, mode, text, taken_back, self._checkpoint))

    def take_back(self, command: CommandId, mode: Mode, text: str) -> None:
        """Bring back a text that was sent and not read; it goes behind a draft that is there already."""
        if command not in self._taken_back:
            self._taken_back = (*self._taken_back, command)
            self._walk = None
            self.put(_joined(self.text, text))
            self.choose(mode)

    def give_back(self, submitted: Submitted) -> None:
        """Take a text that is not sent after all as a draft to whom it was meant for, behind what is written to it."""
        agent, text, taken_back = submitted.agent, submitted.text, submitted.taken_back
        if agent == self._recipient:
            self._taken_back = (*self._taken_back, *taken_back)
            self.put(_joined(self.text, text))
        else:
            draft = self._notebook.draft(agent)
            given = replace(draft, text=_joined(draft.text, text), taken_back=(*draft.taken_back, *taken_back))
            self._notebook.keep_draft(agent, given)

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
        """Close the list of what can be chosen, or go back to where the operator came from; the draft stays."""
        if self._offers is None or not self._offers.close():
            self.post_message(self.Left())

    # --- the editor ----------------------------------------------------------------------------------

    def action_open_editor(self) -> None:
        """Write on in the operator's editor."""
        if self._recipient is not None and not self.read_only:
            self.run_worker(self._edit(self._recipient), name="the operator's editor", exclusive=True, group="editor")

    async def _edit(self, recipient: AgentId) -> None:
        try:
            written = await edited_text(self.app, self.text)
        except Refused as refused:
            notice(self, clean_line(str(refused)), title=ours("Editor"), severity="warning", timeout=12)
            return
        if self._recipient == recipient:
            self.put(written)
        else:
            # Another one was addressed meanwhile: the text waits for its own.
            self._notebook.keep_draft(recipient, replace(self._notebook.draft(recipient), text=written))

    # --- what was sent -------------------------------------------------------------------------------

    def take_sent(self, text: str) -> None:
        """Write a text that was sent; what is written comes back by the down key, or once it is sent."""
        self._walk = HistoryWalk((text,), self._walk.written if self._walk is not None else self.text)
        self._walk.step(-1)
        self.put(text)

    def _walked(self, key: str) -> bool:
        """Walk through the history where the cursor cannot go further, or just came from; return whether it did."""
        at, step = self.cursor_location, -1 if key == "up" else 1
        ends = self.navigator.is_first_wrapped_line(at) if step < 0 else self.navigator.is_last_wrapped_line(at)
        walks = self._walk is not None and at == self.document.end and self.text == self._walk.text
        if not (ends or walks) or self._recipient is None or self.read_only:
            return False
        if self._walk is None or (self._walk.at_written and self.text != self._walk.written):
            self._walk = HistoryWalk(self._notebook.sent(self._recipient), self.text)
        if not self._walk.step(step, self.text):
            return False
        self.put(self._walk.text)
        return True


def _joined(text: str, behind: str) -> str:
    """Return two texts, one behind the other."""
    return f"{text}\n\n{behind}" if text.strip() and behind.strip() else text if text.strip() else behind
