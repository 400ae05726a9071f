"""Words within a line of Markdown: strong, emphasised and struck ones, code, links with their address beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

STYLES = {"strong": "bold", "em": "italic", "s": "strike", "link": "underline"}
CODE = "$transcript-tool"


@dataclass(frozen=True, slots=True)
class StyledWords:
    """A line of words, with the styled parts of it: first character, the one behind the last, style."""

    text: Clean
    marks: tuple[tuple[int, int, str], ...] = ()


class _Line:
    """A line that is being put together."""

    def __init__(self) -> None:
        self.parts: list[Clean] = []
        self.length = 0
        self.marks: list[tuple[int, int, str]] = []

    def add(self, text: Clean, styles: tuple[str, ...]) -> None:
        """Add words in a style."""
        if text:
            self.parts.append(text)
            self.marks += [(self.length, self.length + len(text), style) for style in styles]
            self.length += len(text)

    def words(self) -> StyledWords:
        """Return what was put together."""
        return StyledWords(joined(self.parts) if self.parts else NOTHING, tuple(self.marks))


def words_of(inline: SyntaxTreeNode) -> list[StyledWords]:
    """Return the lines of a run of words; a line break of the author's stays one."""
    lines = [_Line()]
    _add(inline.children, (), lines)
    return [line.words() for line in lines]


def _add(nodes: list[SyntaxTreeNode], styles: tuple[str, ...], lines: list[_Line]) -> None:
    for node in nodes:
        match node.type:
            case "softbreak" | "hardbreak":
                lines.append(_Line())
            case "code_inline":
                lines[-1].add(clean_line(node.content), (*styles, CODE))
            case "image":
                alt = "".join(child.content for child in node.children if child.content)
                lines[-1].add(our_line("[image: {}] ({})", alt, str(node.attrs.get("src", ""))), (*styles, "$muted"))
            case "link":
                begun, at = len(lines), lines[-1].length
                _add(node.children, (*styles, STYLES["link"]), lines)
                shown = joined(lines[-1].parts)[at:] if len(lines) == begun else ""
                address = str(node.attrs.get("href", ""))
                if address and address not in (shown, f"mailto:{shown}"):
                    lines[-1].add(joined((ours(" ("), clean_line(address), ours(")"))), (*styles, "$muted"))
            case "strong" | "em" | "s":
                _add(node.children, (*styles, STYLES[node.type]), lines)
            case _ if node.children:
                _add(node.children, styles, lines)
            case _:
                lines[-1].add(clean_line(node.content), styles)
