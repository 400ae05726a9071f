"""A settled answer as its author meant it: Markdown as headings, lists, tables and highlighted code, in lines.

What a streaming answer shows is the text itself; only what is over is drawn like this, once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cockpit.text.clean import Clean, joined, ours, part, repeated
from cockpit.text.sanitize import StyledLine, clean_line, clean_text, our_line
from cockpit.ui.look.cells import width_of
from cockpit.ui.transcript.code import code_lines
from cockpit.ui.transcript.folding import BLANK, GUTTER, TextLine, at_end, trimmed, wrapped
from cockpit.ui.transcript.inline import StyledWords, words_of
from cockpit.ui.transcript.tables import table_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

PROSE_LIMIT = 16 * 1024
"""Characters of an answer that is drawn like this; parsing a longer one would hold keys up: it stays as written."""

NESTED = 8
"""Blocks within blocks that are still moved to the right."""

BULLETS = (ours("•"), ours("◦"), ours("▪"))
"""Before the items of lists within lists."""

HEADINGS = {"h1": "bold $accent", "h2": "bold $accent", "h3": "bold"}

MARGIN = repeated(ours(" "), GUTTER)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Return the parser: tables and struck text beside CommonMark; HTML is text, and no definition is hidden."""
    from markdown_it import MarkdownIt  # a third of the time a screen takes to come, and the first answer is later

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")


def prose_lines(text: str, width: int) -> list[TextLine] | None:
    """Return the lines of an answer at a width in cells; None if it is too long to be read as Markdown."""
    if len(text) > PROSE_LIMIT:
        return None
    from markdown_it.tree import SyntaxTreeNode

    clean = clean_text(text)
    tree = SyntaxTreeNode(_parser().parse(clean))
    return trimmed(_Page(width).blocks(tree.children, MARGIN, 0))


class _Page:
    """Blocks at one width."""

    def __init__(self, width: int) -> None:
        self._width = width

    def blocks(self, nodes: list[SyntaxTreeNode], bar: Clean, depth: int, *, tight: bool = False) -> list[TextLine]:
        """Return the lines of blocks, a blank line between them unless they belong to a tight list.

        Args:
            nodes: the blocks.
            bar: goes before each of their lines.
            depth: how many lists and quotes they stand in.
            tight: they are an item's whose list has no blank lines.
        """
        lines: list[TextLine] = []
        for node in nodes:
            found = self._block(node, bar, depth)
            if lines and found and not tight:
                lines.append(BLANK)
            lines += found
        return lines

    def _block(self, node: SyntaxTreeNode, bar: Clean, depth: int) -> list[TextLine]:
        match node.type:
            case "heading":
                return self._words(node, bar, HEADINGS.get(node.tag, "bold"))
            case "bullet_list" | "ordered_list":
                return self._list(node, bar, depth)
            case "fence" | "code_block":
                return self._code(node, bar)
            case "blockquote":
                return self.blocks(node.children, self._deeper(bar, ours("▏ "), depth), depth + 1)
            case "table":
                return table_lines(node, self._width, bar)
            case "hr":
                rule = repeated(ours("─"), max(3, min(24, self._width - width_of(bar))))
                return [TextLine(((bar, ""), (rule, "$faint")), len(bar))]
            case _:
                return self._words(node, bar, "")

    def _code(self, node: SyntaxTreeNode, bar: Clean) -> list[TextLine]:
        """Return the lines of a piece of code; what its author calls it stands at the end of the first one."""
        words = node.info.split()
        lines = code_lines(node.content, words[0] if words else "", self._width, bar)
        if not words:
            return lines
        edge = joined((bar, ours("│ ")))
        first = lines[:1] or [TextLine(((edge, "$faint"),), len(edge))]
        return [*at_end(first, self._width, (clean_line(" ".join(words)), "$faint")), *lines[1:]]

    def _words(self, node: SyntaxTreeNode, bar: Clean, base: str, lead: Clean | None = None) -> list[TextLine]:
        """Return the lines of a paragraph or a heading: each of its own lines stays one."""
        inline = next((child for child in node.children if child.type == "inline"), None)
        words = words_of(inline) if inline is not None else [StyledWords(clean_line(node.content))]
        lines: list[TextLine] = []
        for one in words:
            line, first = StyledLine(one.text), lead if not lines else None
            lines += wrapped(line, self._width, bar, "$faint", base=base, marks=one.marks, lead=first)
        return lines

    def _list(self, node: SyntaxTreeNode, bar: Clean, depth: int) -> list[TextLine]:
        lines: list[TextLine] = []
        ordered = node.type == "ordered_list"
        number = int(node.attrs.get("start", 1)) if ordered else 0
        last = len(str(number + len(node.children) - 1))
        for at, item in enumerate(node.children):
            sign = our_line("{}. ", f"{number + at:>{last}}") if ordered else joined((BULLETS[depth % 3], ours(" ")))
            lead = self._deeper(bar, sign, depth)
            inner = self._deeper(bar, repeated(ours(" "), width_of(sign)), depth)
            tight = all(child.hidden for child in item.children if child.type == "paragraph")
            found = self.blocks(item.children, inner, depth + 1, tight=tight)
            if lines and not tight:
                lines.append(BLANK)
            lines += _with_lead(found, inner, lead)
        return lines

    def _deeper(self, bar: Clean, sign: Clean, depth: int) -> Clean:
        """Return what goes before lines that stand deeper; not where they would have no room any more."""
        if depth >= NESTED or width_of(bar) + width_of(sign) > self._width // 2:
            return bar
        return joined((bar, sign))


def _with_lead(lines: list[TextLine], bar: Clean, lead: Clean) -> list[TextLine]:
    """Put the sign of an item before its first line."""
    if not lines:
        return [TextLine(((lead, "$muted"),), len(lead))]
    first = lines[0]
    (before, _style), *rest = first.pieces
    if before != bar:
        # What stands there begins with a sign of its own: an item that begins with a list.
        before = joined((lead, part(before, len(bar), len(before)))) if before.startswith(bar) else lead
        return [TextLine(((before, "$muted"), *rest), len(before)), *lines[1:]]
    return [TextLine(((lead, "$muted"), *rest), len(lead)), *lines[1:]]
