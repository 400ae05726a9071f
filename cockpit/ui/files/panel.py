"""An agent's files: a tree on the left, what a file says on the right; searched, edited, brought and taken."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.files.editing import WriteBack, WrittenBack
from cockpit.model.files.entries import FileKind, SearchResult, ended_early, joined_with
from cockpit.model.files.place import name_of, parent_of
from cockpit.model.files.transfer import ENDED, Direction, TransferState
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.files.carrying import ask_to_carry
from cockpit.ui.files.conflict import ConflictDialog
from cockpit.ui.files.editing import edited, merged, words_on
from cockpit.ui.files.keys import BINDINGS, keys_for
from cockpit.ui.files.search_line import SearchLine
from cockpit.ui.files.transfers_bar import TransfersBar, ended_words
from cockpit.ui.files.tree import FileTree, found_rows
from cockpit.ui.files.view import MORE, PageView, Start
from cockpit.ui.look.cells import content, cut
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList

PREVIEW_AFTER = 0.2
"""Seconds the cursor rests on a file before it is shown."""

LOOK_EVERY = 0.5
"""Seconds between two looks at transfers and at the link."""

SINGLE_BELOW = 70
"""Cells below which one side is shown at a time."""


class FilesPanel(Panel):
    """The files on one agent's VM. What is under way goes on when it is left."""

    FIRST = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

    def __init__(
        self,
        engine: CockpitPort,
        agent: AgentId,
        *,
        path: str = "",
        line: int = 0,
        read_only: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            engine: where files come from.
            agent: whose.
            path: what is shown first, a directory or a file; empty for the workspace.
            line: of the file, from 1.
            read_only: nothing is written to the VM.
            id: of the widget.
            classes: of the widget.
        """
        super().__init__(id=id, classes=classes)
        self._files = engine.files
        self._agent = agent
        self._first = (path, line)
        self._read_only = read_only
        self._tree = FileTree()
        self._found: SearchResult | None = None
        self._searching = False
        self._trouble = ""

    def compose(self) -> ComposeResult:
        yield Plain(id="root")
        with Horizontal(id="both"):
            yield RowList(empty=(ours("Looking…"),), id="tree")
            yield PageView(id="page")
        yield Plain(id="said")
        yield TransfersBar(id="carried")
        yield SearchLine(id="search")

    def on_mount(self) -> None:
        self._look()
        self.set_interval(LOOK_EVERY, self._look)
        self._do(self._go(*self._first), "look")

    @property
    def _rows(self) -> RowList:
        return self.query_one("#tree", RowList)

    @property
    def _view(self) -> PageView:
        return self.query_one(PageView)

    @property
    def _reads(self) -> bool:
        """Whether the keys go to what a file says."""
        return self._view.has_focus

    # --- looking -------------------------------------------------------------------------------------

    def _do(self, work: Coroutine[object, object, None], group: str) -> None:
        """Do something in the background; it takes the place of what was done in its group."""

        async def guarded() -> None:
            try:
                await work
            except CockpitError as error:
                self._say(clean_text(str(error)), trouble=True)

        self.run_worker(guarded(), group=group, exclusive=True)

    async def _go(self, path: str, line: int = 0, *, point_at: str = "") -> None:
        """Go to a directory, a file, or what a link leads to."""
        listing = await self._files.listing(self._agent, path)
        self._say(NOTHING)
        if not listing.file:
            self._found = None
            self._tree.show(listing, as_root=True)
            self._draw_tree(point_at)
            return
        if not self._tree.root:
            self._tree.show(await self._files.listing(self._agent, listing.path), as_root=True)
            self._draw_tree(listing.file)
        await self._read(listing.file, line=line, focus=True)

    async def _unfold(self, path: str) -> None:
        self._tree.show(await self._files.listing(self._agent, path))
        self._draw_tree()

    async def _read(self, path: str, *, after: float = 0.0, line: int = 0, focus: bool = False) -> None:
        await asyncio.sleep(after)
        page = await self._files.page(self._agent, path)
        self._say(NOTHING)
        self._view.show(page, line=line)
        if focus:
            self._view.focus()

    async def _search(self, needle: str, by_content: bool) -> None:
        base, self._searching, self._found = self._tree.root, True, None
        self._say(our_line("searching {} …  esc ends it", base))
        small, search = needle == needle.lower(), self._files
        try:
            if by_content:
                found = await search.holding(self._agent, base, needle, ignore_case=small, heard=self._hear)
            else:
                found = await search.named(self._agent, base, needle, heard=self._hear)
        finally:
            self._searching = False
        self._found = found
        number = len(found.hits)
        self._say(our_line("{} found for {}", number, needle) if number else our_line("nothing found for {}", needle))
        self._draw_tree()

    def _hear(self, found: SearchResult) -> None:
        """Show what is found as it is."""
        self._found = joined_with(self._found, found)
        self._say(our_line("{} found so far …  esc ends it", len(self._found.hits)))
        self._draw_tree()

    async def _reload(self, said: Clean = NOTHING) -> None:
        for path in self._tree.opened() or (self._first[0],):
            self._tree.show(await self._files.listing(self._agent, path))
        self._draw_tree()
        if self._view.page is not None:
            self._view.renew(await self._files.page(self._agent, self._view.page.path, self._view.offset_shown))
        self._say(said)

    # --- drawing -------------------------------------------------------------------------------------

    def _draw_tree(self, point_at: str = "") -> None:
        rows = self._rows
        self.set_class(self._found is not None, "-found")
        width = max(20, rows.scrollable_content_region.width - 1)
        if self._found is not None:
            rows.set_empty((NOTHING, ours("Nothing was found."), ours("Press esc for the tree.")))
            rows.set_rows(found_rows(self._found, width))
        elif self._tree.root:
            rows.set_rows(self._tree.rows(width))
            if point_at:
                rows.point_at(point_at)
        self._draw_where()

    def _draw_where(self) -> None:
        root = cut(our_line(" {}", self._tree.root), max(4, self.size.width - 1))
        self.query_one("#root", Plain).show(content([(root, "$muted")]))
        focused = self.screen.focused
        focus = str(focused.id) if focused is not None else ""
        self.show_keys(*keys_for(focus, found=self._found is not None, read_only=self._read_only))

    def _say(self, text: Clean, *, trouble: bool = False) -> None:
        said = self.query_one("#said", Plain)
        said.set_class(bool(text), "-said")
        said.show(content([(text, "$agent-failed" if trouble else "$muted")]), layout=True)

    def _look(self) -> None:
        """Say at once why the files are out of reach, how far transfers are, and how one ended; not while unseen."""
        if not self.is_seen:
            return
        trouble = self._files.refusal(self._agent)
        if trouble != self._trouble:
            self._trouble = trouble
            words = clean_line(trouble) if trouble else ours("the files are within reach again")
            self._say(words, trouble=bool(trouble))
            if not self._tree.root and not trouble:
                self._do(self._go(*self._first), "look")
        mine = [transfer for transfer in self._files.transfers if transfer.order.agent == self._agent]
        for transfer in self.query_one(TransfersBar).flush(mine, self.size.width):
            words = ended_words(transfer)
            if transfer.order.direction is Direction.PUT and self._tree.root and not trouble:
                self._do(self._reload(words), "look")
            else:
                self._say(words, trouble=transfer.state is not TransferState.DONE)

    # --- keys ----------------------------------------------------------------------------------------

    @on(RowList.Highlighted, "#tree")
    def _pointed(self, message: RowList.Highlighted) -> None:
        message.stop()
        path, line = self._pointed_at(message.key)
        spot = self._tree.spot(path) if self._found is None else None
        if not self.has_class("-single") and (self._found is not None or (spot and spot.entry.kind is FileKind.FILE)):
            self._do(self._read(path, after=PREVIEW_AFTER, line=line), "page")

    @on(RowList.Highlighted, "#page")
    def _line_pointed(self, message: RowList.Highlighted) -> None:
        message.stop()

    @on(RowList.Chosen)
    def _clicked(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_open()

    def _pointed_at(self, key: str) -> tuple[str, int]:
        """Return the path, and the line, of a row of the tree or of what was found."""
        if self._found is None:
            return key, 0
        line, _, path = key.partition(":")
        return path, int(line or 0)

    def _path(self) -> str:
        """Return the path that a key means: the file that is read, else what is under the cursor."""
        if self._reads and self._view.page is not None:
            return self._view.page.path
        return self._pointed_at(self._rows.cursor_key)[0]

    def action_open(self) -> None:
        """Open a directory or a file; in a part of a file, the next part."""
        if self._reads:
            if self._view.cursor_key == MORE:
                self.action_page(1)
            return
        path, line = self._pointed_at(self._rows.cursor_key)
        spot = self._tree.spot(path) if self._found is None else None
        if not path:
            return
        if spot is None:
            self._do(self._go(path, line, point_at=self._tree.root), "look")
        elif spot.entry.kind is FileKind.DIRECTORY:
            if self._tree.is_open(path):
                self._tree.fold(path)
                self._draw_tree()
            else:
                self._do(self._unfold(path), "look")
        elif spot.entry.kind is FileKind.LINK:
            self._do(self._go(path), "look")
        else:
            self._do(self._read(path, focus=True), "page")

    def action_close(self) -> None:
        """Fold the directory under the cursor, or go to the one above."""
        path = self._rows.cursor_key
        if self._reads:
            self._rows.focus()
        elif self._found is not None or not self._tree.root:
            return
        elif self._tree.is_open(path) and self._tree.spot(path):
            self._tree.fold(path)
            self._draw_tree()
        elif parent_of(path) != self._tree.root and self._tree.spot(parent_of(path)):
            self._rows.point_at(parent_of(path))
        elif self._tree.root != "/":
            self._do(self._go(parent_of(self._tree.root), point_at=self._tree.root), "look")

    def action_switch(self) -> None:
        """Go to the other side."""
        (self._rows if self._reads or self._view.page is None else self._view).focus()

    def action_back_out(self) -> None:
        """Leave the search, then the file, then what was found, then the screen."""
        search = self.query_one(SearchLine)
        if search.is_open:
            search.close()
            self._rows.focus()
        elif self._reads:
            self._rows.focus()
        elif self._found is not None or self._searching:
            self.workers.cancel_group(self, "look")
            # What was found of a search that is ended stays, to be left by the next key.
            self._found = ended_early(self._found) if self._searching and self._found is not None else None
            self._say(NOTHING)
            self._draw_tree()
        else:
            self.close()

    def action_search(self, by_content: bool) -> None:
        """Ask for a part of a name, or of a content."""
        if self._tree.root:
            base = name_of(self._tree.root) or self._tree.root
            self.query_one(SearchLine).open(base, by_content=by_content)

    @on(SearchLine.Asked)
    def _asked(self, asked: SearchLine.Asked) -> None:
        self.query_one(SearchLine).close()
        self._rows.focus()
        if asked.needle:
            self._do(self._search(asked.needle, asked.by_content), "look")

    def action_page(self, step: int) -> None:
        """Go to the next part of a file, or to the one before."""
        page, starts = self._view.page, self._view.starts_after(step)
        if page is not None and starts is not None:
            self._do(self._turn(page.path, starts), "page")

    async def _turn(self, path: str, starts: list[Start]) -> None:
        self._view.show(await self._files.page(self._agent, path, starts[-1][0]), starts)

    def action_reload(self) -> None:
        """Look again at all that is open."""
        self._do(self._reload(), "look")

    def _may_write(self) -> bool:
        if self._read_only:
            self._say(ours("the cockpit is read-only"), trouble=True)
        return not self._read_only

    def action_edit(self) -> None:
        """Edit the file that is meant."""
        if (path := self._path()) and self._may_write():
            self._do(self._edit(edited(self.app, self._files, self._agent, path)), "edit")

    async def _edit(self, edit: Coroutine[object, object, WrittenBack]) -> None:
        ended = await edit
        if ended.outcome is not WriteBack.CONFLICT:
            self._do(self._reload(words_on(ended)), "look")
            return

        def finish(merge: bool | None) -> None:
            self._say(words_on(ended), trouble=True)
            if merge:
                self._do(self._edit(merged(self.app, self._files, ended)), "edit")

        self.app.push_screen(ConflictDialog(ended), finish)

    def action_carry(self, way: str) -> None:
        """Bring here what is meant, or take something to the directory that is meant."""
        direction, path = Direction(way), self._path()
        if direction is Direction.PUT:
            if not self._may_write():
                return
            spot = self._tree.spot(path)
            directory = spot is not None and spot.entry.kind is FileKind.DIRECTORY
            path = path if directory else parent_of(path) if spot is not None else self._tree.root
        if path:
            ask_to_carry(self, self._files, self._agent, direction, path)

    def action_cancel(self) -> None:
        """End the newest transfer; what was carried stays."""
        for transfer in reversed(self._files.transfers):
            if transfer.order.agent == self._agent and transfer.state not in ENDED:
                self._files.cancel(transfer.id)
                return

    # --- size ----------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new width."""
        self.set_class(event.size.width < SINGLE_BELOW, "-single")
        self.call_after_refresh(self._draw_tree)
        self.call_after_refresh(self._view.draw)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the keys of what has the focus."""
        self.set_class(event.widget is self._view, "-reads")
        self._draw_where()
        self.call_after_refresh(self._view.draw)
