"""The tabs of an agent's screen: words, the chosen one with a line under it, and a small mark for what there is."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from cockpit.text.clean import NOTHING, Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.places import TAB_WORDS
from cockpit.ui.look.cells import Piece, clickable, content, width_of
from cockpit.ui.screens.agent.heading import counted_mark
from cockpit.ui.widgets.plain import Plain

TABS: Mapping[str, Clean] = {name: clean_line(name) for name in TAB_WORDS}
"""The tabs by name, in the order of their number keys."""


def tab_lines(chosen: str, marks: Mapping[str, int], *, ruled: bool) -> Content:
    """Return the tabs, and below them the line where there is room for it.

    Args:
        chosen: the name of the tab that is shown.
        marks: how much there is in a tab.
        ruled: the line has a row of its own; else the word is underlined.
    """
    words: list[Piece] = [(ours(" "), "")]
    rule: list[Piece] = [(ours(" "), "")]
    for number, (name, label) in enumerate(TABS.items(), 1):
        mark = counted_mark(marks.get(name, 0))
        here = name == chosen
        style = "bold $accent" if here else "$muted"
        click = f"screen.tab('{name}')"
        words += [
            (our_line("{} ", number), clickable("$muted", click)),
            (label, clickable(style if ruled or not here else f"{style} underline", click)),
            (mark, clickable("$accent" if here else "$muted", click)),
            (ours("   "), ""),
        ]
        cells = 2 + width_of(label) + width_of(mark)
        line = repeated(ours("━"), cells) if here else repeated(ours(" "), cells)
        rule += [(line, "$accent" if here else ""), (ours("   "), "")]
    return content([*words, (ours("\n") if ruled else NOTHING, ""), *(rule if ruled else [])])


class TabBar(Plain):
    """One line, or two."""

    def flush(self, chosen: str, marks: Mapping[str, int], *, ruled: bool) -> None:
        """Show the tabs."""
        self.show(tab_lines(chosen, marks, ruled=ruled))
