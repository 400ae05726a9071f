"""Dialogs that open at once and fill when their answer comes: a list to choose from, a text to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

Loaded = TypeVar("Loaded")

ASKING = ours("asking …")


class LivePick(PickDialog):
    """A list that narrows while typing; what it lists is loaded while it is open already."""

    def __init__(
        self,
        title: Clean,
        load: Callable[[], Awaitable[Loaded]],
        rows: Callable[[Loaded | None, int], Sequence[tuple[Row, str]]],
        empty: Clean,
    ) -> None:
        """Prepare.

        Args:
            title: of the frame.
            load: gets what is listed; raises CockpitError, which is said in place of a list.
            rows: makes the rows, each with the words it is found by, from what was loaded (None before it is) and a
                width in cells.
            empty: said where nothing is listed.
        """
        super().__init__(title, lambda width: rows(self._loaded, width), ASKING)
        self._load = load
        self._loaded: Loaded | None = None
        self._none = empty

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._fill(), name="fill the list")

    async def _fill(self) -> None:
        empty = self._none
        try:
            self._loaded = await self._load()
        except CockpitError as error:
            empty = clean_line(str(error))
        self.query_one("#rows", RowList).set_empty((empty,))
        self.narrow()


class LiveText(TextDialog):
    """A text to read that is loaded while the dialog is open already."""

    def __init__(self, title: Clean, load: Callable[[], Awaitable[Content]]) -> None:
        super().__init__(title, content([(ASKING, "$muted")]))
        self._load = load

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._fill(), name="fill the text")

    async def _fill(self) -> None:
        try:
            text = await self._load()
        except CockpitError as error:
            text = content([(clean_line(str(error)), "$agent-failed")])
        self.query_one("#text", Plain).show(text, layout=True)
