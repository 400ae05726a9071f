"""Looking for a text among those that were sent: to this agent first, then to others."""

from __future__ import annotations

from functools import partial

from textual.content import Content

from cockpit.model.ids import AgentId
from cockpit.model.notebook.port import NotebookPort
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import content, cut, width_of
from cockpit.ui.widgets.row_list import Row, RowList

ELSEWHERE = ours("  to another")

SHOWN = 2000
"""Characters of a text that are looked at for its row: more than any terminal is wide."""


class SentDialog(PickDialog):
    """Dismisses with the chosen text, not with its place in the list."""

    def __init__(self, notebook: NotebookPort, agent: AgentId) -> None:
        mine = dict.fromkeys(reversed(notebook.sent(agent)))
        # Each text once, at the first place it has.
        self._texts = tuple(dict.fromkeys((*mine, *(one.text for one in notebook.all_sent()))))
        self._own = len(mine)
        super().__init__(ours("What was sent"), self._rows_of, ours("Nothing was sent that holds these words."))

    def _rows_of(self, width: int) -> list[tuple[Row, str]]:
        return [
            (Row(str(at), partial(self._row, at, width)), text)  # drawn when it is seen
            for at, text in enumerate(self._texts)
        ]

    def _row(self, at: int, width: int, now: float) -> Content:
        where = NOTHING if at < self._own else ELSEWHERE
        line: Clean = clean_line(self._texts[at][:SHOWN].strip())
        return content([(ours(" "), ""), (cut(line, width - 2 - width_of(where)), ""), (where, "$muted")])

    def action_accept(self) -> None:
        """Take the text under the cursor."""
        key = self.query_one("#rows", RowList).cursor_key
        if key:
            self.dismiss(self._texts[int(key)])
