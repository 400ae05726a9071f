"""The side of the files that shows what one says: a part of it at a time, line by line."""

from __future__ import annotations

from cockpit.model.files.content import FilePage
from cockpit.model.files.place import name_of
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.files.page import facts, page_rows
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.frame import set_subtitle, set_title
from cockpit.ui.widgets.row_list import RowList

MORE = "more"
"""The key of the row that leads to the next part."""

Start = tuple[int, int]
"""Where a part begins: offset in bytes, and the number of its first line."""


class PageView(RowList):
    """A part of a file, and the way to the others."""

    def __init__(self, *, id: str) -> None:
        super().__init__(empty=(NOTHING, ours("Choose a file.")), id=id)
        self.page: FilePage | None = None
        """What is shown."""
        self._starts: list[Start] = []
        self._goes_to: int | None = None
        """The line to which the cursor is to go once there is room to draw: 0 is the top."""

    def show(self, page: FilePage, starts: list[Start] | None = None, line: int = 0) -> None:
        """Show a part of a file.

        Args:
            page: the part.
            starts: of the parts up to this one; None for the first part.
            line: where the cursor goes, from 1; 0 for the top.
        """
        self.page, self._starts = page, starts or [(0, 1)]
        self._goes_to = line
        self.draw()

    def renew(self, page: FilePage) -> None:
        """Show the same part as it is now."""
        self.page = page
        self.draw()

    @property
    def offset_shown(self) -> int:
        """Where the shown part begins."""
        return self._starts[-1][0] if self._starts else 0

    def starts_after(self, step: int) -> list[Start] | None:
        """Return the starts up to the next part, or to the one before; None if there is none."""
        page = self.page
        if page is None:
            return None
        if step > 0 and page.end < page.size:
            lines = page.text.count("\n") if page.encoding else 0
            return [*self._starts, (page.end, self._starts[-1][1] + lines)]
        return self._starts[:-1] if step < 0 and len(self._starts) > 1 else None

    def draw(self) -> None:
        """Fold the part to the present width."""
        page, width = self.page, self.scrollable_content_region.width - 1
        if page is None or width <= 0:
            return
        self.set_empty((NOTHING, ours("The file is empty.")))
        self.set_rows(page_rows(page, self._starts[-1][1], width))
        line, self._goes_to = self._goes_to, None
        if line is not None:
            self.scroll_home(animate=False)
            self.action_first()
        if line:
            self.point_at(str(line))
        set_title(self, content([(our_line(" {} ", name_of(page.path)), "bold")]))
        set_subtitle(self, content([(our_line(" {} ", facts(page)), "")]))
