"""Edits a task in the operator's editor: the screen steps aside, and nothing that was written is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError, UsageError
from cockpit.model.commands.board import EditTask
from cockpit.model.ids import CommandId, TaskId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.model.tasks.merging import Collision
from cockpit.model.tasks.port import TaskDraft
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.terminal.operator_editor import edit_files
from cockpit.ui.widgets.plain import Plain

LOOK_EVERY = 0.2
"""Seconds between two looks whether the change was made."""
PATIENCE = 60.0
"""Seconds after which the text is kept although nobody said what became of it."""

Open = Callable[[TaskDraft], Awaitable[None]]


class AgainDialog(Guarded, Dialog[bool]):
    """Says why nothing was changed; dismisses with True to open the editor again."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("e", "edit again"), ("esc", "leave it: the text is kept"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "again", "edit again", show=False)]

    def __init__(self, title: Clean, text: Content) -> None:
        super().__init__(title, classes="confirm wide")
        self._text = text

    def compose_body(self) -> ComposeResult:
        """Yield the reason."""
        yield Plain(self._text, id="targets")

    def action_again(self) -> None:
        """Open the editor again."""
        self.dismiss(True)


def collisions_text(collisions: tuple[Collision, ...], path: str) -> Content:
    """Show both versions of what two changed."""
    pieces: list[Piece] = [(ours("Somebody else changed the same meanwhile. Nothing was written.\n"), "")]
    for one in collisions:
        pieces += [
            (our_line("\n{}\n", one.part), "bold"),
            (ours("yours   "), "$agent-running"),
            (clean_text(one.mine or "(nothing)"), ""),
            (ours("\ntheirs  "), "$agent-asking"),
            (clean_text(one.theirs or "(nothing)"), ""),
            (ours("\n"), ""),
        ]
    pieces.append((our_line("\nYour text is {}. Edit again, and both stand in it.", path), "$muted"))
    return content(pieces)


class TaskEditor:
    """One edit, from the key to the board."""

    def __init__(
        self,
        app: App[object],
        engine: CockpitPort,
        order: Callable[[EditTask], CommandId],
        warn: Callable[[Clean], None],
        open_editor: Open | None = None,
    ) -> None:
        """Prepare.

        Args:
            app: steps aside for the editor.
            engine: has the task.
            order: hands the change to the engine.
            warn: says why nothing was changed.
            open_editor: lets the operator edit a draft; the operator's own editor if it is None.
        """
        self._app = app
        self._engine = engine
        self._order = order
        self._warn = warn
        self._open = open_editor or self._open_editor

    async def edit(self, task: TaskId) -> None:
        """Let the operator edit a task, and change it as far as that collides with nobody."""
        try:
            draft = await self._engine.coordination.board.draft(task)
            await self._until_settled(draft)
        except CockpitError as error:
            self._warn(clean_line(str(error)))

    async def _until_settled(self, draft: TaskDraft) -> None:
        board = self._engine.coordination.board
        while True:
            await self._open(draft)
            try:
                edit = board.drafted(draft)
            except UsageError as problem:
                if not await self._again(ours("Not changed"), content([(clean_text(str(problem)), "")])):
                    return
                continue
            if edit is None:
                board.discard(draft)
                return
            collisions = await board.collisions(edit)
            if not collisions:
                await self._carried_out(edit, draft)
                return
            if not await self._again(ours("Both changed it"), collisions_text(collisions, str(draft.path))):
                return
            fresh = await board.draft(edit.task, edit.after)
            board.discard(draft)
            draft = fresh

    async def _carried_out(self, edit: EditTask, draft: TaskDraft) -> None:
        """Order the change; the text stays until the board shows it."""
        command = self._order(edit)
        waited = 0.0
        while waited < PATIENCE:
            receipt = next((one for one in self._engine.fleet.receipts if one.id == command), None)
            if receipt is not None and is_ended(receipt):
                if receipt.stage is Stage.DONE:
                    self._engine.coordination.board.discard(draft)
                    return
                break
            await asyncio.sleep(LOOK_EVERY)
            waited += LOOK_EVERY
        self._warn(our_line("your text is kept: {}", str(draft.path)))

    async def _again(self, title: Clean, text: Content) -> bool:
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._app.push_screen(AgainDialog(title, text), lambda again: answered.set_result(bool(again)))
        return await answered

    async def _open_editor(self, draft: TaskDraft) -> None:
        await edit_files(self._app, draft.path, kept=f"your text is {draft.path}", undone="nothing was changed")
