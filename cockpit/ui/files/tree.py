"""The tree of an agent's files: what is open in it, and its rows. Names are anybody's, and drawn clean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.model.files.entries import FileEntry, FileKind, FileListing, SearchResult, size_words
from cockpit.model.files.place import below, parent_of
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.sanitize import clean_line, clean_name, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, width_of
from cockpit.ui.widgets.row_list import Row

SIZE_WIDTH = 9
"""Cells of the column of sizes."""

STYLES = {
    FileKind.DIRECTORY: "bold $accent",
    FileKind.LINK: "$agent-done",
    FileKind.FIFO: "$muted",
    FileKind.SOCKET: "$muted",
    FileKind.DEVICE: "$muted",
    FileKind.UNKNOWN: "$muted",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A row of the tree."""

    path: str
    entry: FileEntry
    depth: int


class FileTree:
    """The directories that are open below a root."""

    def __init__(self) -> None:
        self.root = ""
        """The real path of the root; empty until it was listed."""
        self._listings: dict[str, FileListing] = {}
        self._open: set[str] = set()

    def show(self, listing: FileListing, *, as_root: bool = False) -> None:
        """Take in what a directory holds, and open it."""
        self._listings[listing.path] = listing
        self._open.add(listing.path)
        if as_root or not self.root:
            self.root = listing.path

    def fold(self, path: str) -> None:
        """Close a directory."""
        self._open.discard(path)

    def is_open(self, path: str) -> bool:
        """Say whether what a directory holds is shown."""
        return path in self._open and path in self._listings

    def opened(self) -> tuple[str, ...]:
        """Return the directories that are open, the root first."""
        return tuple(sorted((path for path in self._open if path in self._listings), key=len))

    def spot(self, path: str) -> Spot | None:
        """Return the row of a path."""
        return next((spot for spot in self.spots() if spot.path == path), None)

    def spots(self) -> Iterator[Spot]:
        """Yield the rows from the top."""
        yield from self._below(self.root, 0)

    def _below(self, path: str, depth: int) -> Iterator[Spot]:
        listing = self._listings.get(path)
        for entry in listing.entries if listing is not None and path in self._open else ():
            place = below(path, entry.name)
            yield Spot(place, entry, depth)
            if entry.kind is FileKind.DIRECTORY:
                yield from self._below(place, depth + 1)

    def rows(self, width: int) -> list[Row]:
        """Return the rows for a width in cells; the first leads to the directory above the root."""
        rows = [Row(parent_of(self.root), content([(ours(" ‥ "), "$muted"), (ours("up"), "$muted")]))]
        for spot in self.spots():
            rows.append(Row(spot.path, content(self._pieces(spot, width))))
        for path in self.opened():
            if said := self._listings[path].cut:
                rows.append(Row("", content([(our_line(" {}: {}", path, said), "$link-degraded")])))
        return rows

    def _pieces(self, spot: Spot, width: int) -> list[Piece]:
        entry = spot.entry
        is_directory = entry.kind is FileKind.DIRECTORY
        glyph = ours("▾ ") if self.is_open(spot.path) else ours("▸ ") if is_directory else ours("  ")
        indent = repeated(ours("  "), min(spot.depth, 8))
        size = clean_line(size_words(entry.size)) if entry.kind is FileKind.FILE else _kind_word(entry)
        room = max(4, width - width_of(indent) - 4 - SIZE_WIDTH)
        name = clean_name(entry.name)
        if entry.target:
            name = our_line("{} → {}", name, clean_name(entry.target))
        if is_directory:
            name = joined((name, ours("/")))
        return [
            (ours(" "), ""),
            (indent, ""),
            (glyph, "$muted"),
            (fit(cut(name, room), room), STYLES.get(entry.kind, "")),
            (fit(size, SIZE_WIDTH, right=True), "$muted"),
        ]


def _kind_word(entry: FileEntry) -> Clean:
    return NOTHING if entry.kind in (FileKind.DIRECTORY, FileKind.LINK) else clean_line(entry.kind.value)


def end_of(text: Clean, width: int) -> Clean:
    """Shorten a path to a width in cells; its end tells most."""
    if width_of(text) <= width:
        return text
    start = next(at for at in range(len(text)) if width_of(text[at:]) < width)
    return joined((ours("…"), part(text, start)))


def found_rows(found: SearchResult, width: int) -> list[Row]:
    """Return the rows of what a search found: the key is `LINE:PATH`."""
    rows = []
    for hit in found.hits:
        path = below(found.base, hit.path)
        path_shown = clean_name(hit.path)
        where = our_line("{}:{}", path_shown, hit.line) if hit.line else path_shown
        room = max(8, width // 2 if hit.text else width - 2)
        pieces: list[Piece] = [(ours(" "), ""), (end_of(where, room), "$accent")]
        if hit.text:
            pieces.append((our_line("  {}", hit.text.strip()), ""))
        rows.append(Row(f"{hit.line}:{path}", content(pieces)))
    if found.cut:
        rows.append(Row("", content([(our_line(" {}", found.cut), "$link-degraded")])))
    return rows
