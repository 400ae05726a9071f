"""Looking at the changes of an agent: what is compared, files and hunks folded or open, where the cursor stands."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from textual import on
from textual.app import ComposeResult

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.changes.comments import Comment, CommentState
from cockpit.model.changes.report import Base, Changes, Since
from cockpit.model.fleet import Agent
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.look.cells import content
from cockpit.ui.look.changes import ChangeSpot, Drawn, drawn, file_key
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

SHIFT = 16
"""Characters that long lines move at a time."""

Done = TypeVar("Done")

BASES: dict[Since, Clean] = {
    Since.TASK: ours("since the task began"),
    Since.PROMPT: ours("since the last text"),
    Since.LOOKED: ours("since you last looked"),
    Since.START: ours("since the copy began"),
}
"""What can be compared with by one word."""


class ChangesView(Panel):
    """Stays on the agent it was opened for, whatever is selected behind it."""

    def __init__(self, engine: CockpitPort, agent: Agent, others: Sequence[Agent], *, read_only: bool = False) -> None:
        super().__init__()
        self._engine = engine
        self._agent = agent
        self._others = tuple(others)
        self._read_only = read_only
        self._base = Base()
        self._against: Agent | None = None
        self._place = ""
        self._changes: Changes | None = None
        self._comments: tuple[Comment, ...] = ()
        self._unfolded: set[str] = set()
        self._shift = 0
        self._spots: dict[str, ChangeSpot] = {}
        self._seen: Changes | None = None
        """What is noted as looked at when it goes out of view."""

    def compose(self) -> ComposeResult:
        yield Plain(id="about")
        yield RowList(empty=(ours("Looking at the workspace…"),), id="rows")

    def on_mount(self) -> None:
        self.action_look()

    @property
    def _rows(self) -> RowList:
        return self.query_one("#rows", RowList)

    # --- looking -------------------------------------------------------------------------------------

    def action_look(self) -> None:
        """Look at the workspace, in the background."""
        self._show_title(ours("looking…"))
        self.run_worker(self._look(), name="look at changes", exclusive=True, group="look")

    async def _look(self) -> None:
        work = self._engine.work
        try:
            if self._against is not None:
                found = await work.changes.against(self._agent.id, self._against.id)
            else:
                found = await work.changes.look(self._agent.id, self._base, place=self._place)
            self._comments = await work.comments.of(self._agent.id, look=True)
        except CockpitError as error:
            self._changes = None
            self._show(ours("not known"), (our_line("{}", error.message), our_line("{}", error.hint)))
            return
        self._changes = found
        if self._against is None and not self._place and self._base.since in BASES:
            self._seen = found
        self._show(self._title(found), (ours("Nothing changed."), ours("b compares with something else.")))

    def _show(self, title: Clean, empty: tuple[Clean, ...]) -> None:
        if self.is_mounted:
            self._rows.set_empty(empty)
            self._show_title(title)
            self._draw()

    def _show_title(self, words: Clean) -> None:
        self.query_one("#about", Plain).show(content([(our_line(" {}", words), "$muted")]))

    def _title(self, found: Changes) -> Clean:
        words = BASES.get(found.base.since) or our_line("since {}", found.base.name)
        if found.against:
            words = our_line("against {}", found.against)
        elif found.base.since is Since.TURN:
            words = ours("one turn")
        files = our_line("{} files +{} −{}", found.files, found.added, found.removed)
        waiting = sum(one.state is CommentState.DRAFT for one in self._comments)
        drafts = our_line("{} to send", waiting) if waiting else NOTHING
        return joined((part for part in (words, files, drafts) if part), ours(" · "))

    def _draw(self) -> None:
        width = max(20, self._rows.size.width - 1)
        rows: list[Drawn] = []
        if self._changes is not None:
            rows = list(drawn(self._changes, self._comments, self._unfolded, width, self._shift))
        if not any(row.spot.file is not None or row.spot.comment is not None for row in rows):
            faults = [row for row in rows if row.spot.repository is not None and row.spot.repository.fault]
            rows = rows if faults else []
        self._spots = {row.key: row.spot for row in rows if row.key}
        self._rows.set_rows([Row(row.key, row.content) for row in rows])

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    @property
    def _spot(self) -> ChangeSpot:
        return self._spots.get(self._rows.cursor_key, ChangeSpot())

    # --- moving --------------------------------------------------------------------------------------

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_open()

    @on(RowList.Highlighted)
    def _highlighted(self, message: RowList.Highlighted) -> None:
        message.stop()

    def action_open(self) -> None:
        """Open or close the file under the cursor."""
        spot = self._spot
        if spot.repository is not None and spot.file is not None:
            key = file_key(spot.repository, spot.file)
            self._unfolded ^= {key}
            self._draw()
            self._rows.point_at(key)

    def action_open_all(self) -> None:
        """Open all files, or close all if one is open."""
        keys = {
            file_key(spot.repository, spot.file)
            for spot in self._spots.values()
            if spot.repository is not None and spot.file is not None
        }
        self._unfolded = set() if self._unfolded & keys else keys
        self._draw()

    def action_file(self, step: int) -> None:
        """Go to the next or the previous file."""
        keys = [row.key for row in self._rows.rows if row.key.startswith("file ") and self._is_head(row.key)]
        order = [row.key for row in self._rows.rows]
        at = self._rows.cursor_index or 0
        places = [order.index(key) for key in keys]
        found = [place for place in places if (place > at if step > 0 else place < at)]
        if found:
            self._rows.point_at(order[min(found) if step > 0 else max(found)])

    def _is_head(self, key: str) -> bool:
        spot = self._spots[key]
        return spot.repository is not None and spot.file is not None and key == file_key(spot.repository, spot.file)

    def action_shift(self, step: int) -> None:
        """Move long lines."""
        self._shift = max(0, self._shift + step * SHIFT)
        self._draw()

    # --- what it is compared with --------------------------------------------------------------------

    def action_choose_base(self) -> None:
        """Ask what to compare with."""
        against = tuple(Choice(f"agent {one.id}", our_line("against {}", one.name)) for one in self._others)
        choices = (*(Choice(since.value, words) for since, words in BASES.items()), *against)
        commit = Choice(Since.COMMIT.value, ours("against the commit below"))
        fields = (
            Field("base", ours("compare"), "choice", self._base.since.value, choices=(*choices, commit)),
            Field("commit", ours("commit"), placeholder=ours("HEAD~1, a branch, a tag")),
        )

        def check(values: Values) -> str:
            wanted = values["base"] == Since.COMMIT.value
            return "commit: name one" if wanted and not values["commit"].strip() else ""

        def finish(values: Values | None) -> None:
            if values is None:
                return
            word = values["base"]
            self._against = next((one for one in self._others if word == f"agent {one.id}"), None)
            if self._against is None:
                self._base = Base(Since(word), values["commit"].strip() if word == Since.COMMIT.value else "")
            self.action_look()

        self.app.push_screen(FormDialog(ours("Compare with"), fields, check), finish)

    def action_only(self) -> None:
        """Look at the repository under the cursor alone, or at all again."""
        spot = self._spot
        self._place = "" if self._place or spot.repository is None else spot.repository.place
        self.action_look()

    # --- what all have in common ---------------------------------------------------------------------

    def _act(self, work: Awaitable[Done], *, again: bool = True) -> None:
        """Do something in the background; say why if it fails, and show what became of the comments."""

        async def do() -> None:
            try:
                await work
                if again:
                    self._comments = await self._engine.work.comments.of(self._agent.id)
            except CockpitError as error:
                notice(self, our_line("{} {}", error.message, error.hint), severity="warning")
            if self._changes is not None:
                self._show(self._title(self._changes), ())

        self.run_worker(do(), name="about changes")

    def shown(self) -> None:
        """Look anew."""
        self.action_look()

    def left(self) -> None:
        """What was shown counts as seen."""
        seen, changes = self._seen, self._engine.work.changes
        self._seen = None

        async def note() -> None:
            try:
                if seen is not None:
                    await changes.looked(seen)
            except CockpitError as error:
                self.log(error.message)

        self.app.run_worker(note(), name="note what was seen")

    def action_back_out(self) -> None:
        """Close; what was shown counts as seen."""
        self.left()
        self.close()
