"""The replica: whatever was composed, the terminal shows the same picture as after a repaint of all of it."""

from __future__ import annotations

import itertools
import random
import re
import threading
from collections.abc import Iterable

import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from cockpit.ui.terminal.cells import BLANK, PLAIN, REST, CellRow, Pen, cells_of, printable
from cockpit.ui.terminal.difference import FrameDifference, change_of_pen
from cockpit.ui.terminal.replica import Replica
from tests.emulator import Emulator

CONSOLE = Console(color_system="truecolor", force_terminal=True)
WORDS = (
    "agent",
    " ",
    "  ",
    "working",
    "●",
    "✓ done",
    "世界",
    "한국어",
    "─" * 7,
    "…",
    "x",
    "▁▃▅",
    "Ж",
    "\u202f",
)
STYLES = (
    *map(Style.parse, ("", "bold", "red", "red on blue", "#102030 on #a0b0c0", "italic #102030", "reverse", "on blue")),
    Style.parse("red") + Style.from_meta({"@click": "app.bell"}),
)


MARKED = ("e\u0301", "a", "世", "ñ", "n\u0303\u0323", " ")


def strip_of(chance: random.Random, width: int) -> Strip:
    """Return a strip of some words in some styles, exactly so wide."""
    segments, left = [], width
    while left > 0:
        part = Segment(chance.choice(WORDS), chance.choice(STYLES))
        if part.cell_length > left:
            part = Segment(" " * left, part.style)
        segments.append(part)
        left -= part.cell_length
    return Strip(segments, width)


def painted(width: int, height: int, lines: Iterable[Strip], cursor: tuple[int, int]) -> Emulator:
    """Return a terminal on which all was painted from nothing, by Textual's own text."""
    terminal = Emulator(width, height)
    for y, line in enumerate(lines):
        terminal.feed(f"\x1b[{y + 1};1H{line.render(CONSOLE)}")
    terminal.feed(f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H")
    return terminal


def assert_same(shown: Emulator, wanted: Emulator) -> None:
    """Assert that two terminals show the same, cell by cell, and have their cursors at one place."""
    for y, (line, other) in enumerate(zip(shown.cells(), wanted.cells(), strict=True)):
        assert line == other, f"line {y}: {shown.lines()[y]!r} is not {wanted.lines()[y]!r}"
    assert shown.cursor() == wanted.cursor()


class Picture:
    """What shall be seen, changed at random, and the updates that Textual would make of it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.resize()

    def resize(self) -> LayoutUpdate:
        """Take another size, with all anew."""
        self.width, self.height = self.chance.randint(1, 30), self.chance.randint(1, 6)
        self.lines = [strip_of(self.chance, self.width) for _ in range(self.height)]
        return self.whole()

    def whole(self) -> LayoutUpdate:
        """Compose everything, each line in some pieces."""
        return LayoutUpdate([self._pieces(y)[1] for y in range(self.height)], Region(0, 0, self.width, self.height))

    def part(self) -> ChopsUpdate:
        """Change some lines, and compose a span of each."""
        chops: list[dict[int, Strip | None]] = [{} for _ in range(self.height)]
        spans, ends = [], [[] for _ in range(self.height)]  # type: ignore[var-annotated]
        for y in sorted(self.chance.sample(range(self.height), self.chance.randint(1, self.height))):
            before = self.lines[y]
            if self.chance.random() < 0.8:
                self.lines[y] = strip_of(self.chance, self.width)
            cuts, pieces = self._pieces(y)
            first, last = sorted((self.chance.randrange(len(pieces)), self.chance.randrange(len(pieces))))
            # What lies beside the span stays as it was; a character that the span cuts is gone on both sides.
            self.lines[y] = Strip.join(
                [before.crop(0, cuts[first]), *pieces[first : last + 1], before.crop(cuts[last + 1], self.width)]
            )
            chops[y] = dict(zip(cuts, pieces, strict=False))
            ends[y] = cuts[1:]
            spans.append((y, cuts[first], cuts[last + 1]))
        return ChopsUpdate(chops, spans, ends)

    def _pieces(self, y: int) -> tuple[list[int], list[Strip]]:
        """Cut a line, as widgets beside each other do; a wide character that is cut becomes blank."""
        inner = range(1, self.width)
        cuts = [0, *sorted(self.chance.sample(inner, min(len(inner), self.chance.randint(0, 3)))), self.width]
        pieces = [self.lines[y].crop(start, end) for start, end in itertools.pairwise(cuts)]
        self.lines[y] = Strip.join(pieces)
        return cuts, pieces


@pytest.mark.parametrize("seed", range(6))
def test_differences_show_the_same_as_painting_all(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        picture, replica = Picture(chance), Replica()
        replica.enter()
        terminal = Emulator(picture.width, picture.height)
        note(replica, picture.whole(), cursor := (0, 0))
        for _ in range(20):
            what = chance.random()
            if what < 0.08:
                update = picture.resize()
                terminal.screen.resize(picture.height, picture.width)
            elif what < 0.15:
                replica.forget()
                terminal.feed("\x1b[31mgarbage of somebody else\x1b[m")
                update = picture.whole()
            else:
                update = picture.part() if what < 0.9 else picture.whole()  # type: ignore[assignment]
            cursor = (chance.randrange(picture.width), chance.randrange(picture.height))
            note(replica, update, cursor)
            if chance.random() < 0.6:  # else the terminal does not read, and the next frame takes this one's place
                terminal.feed(replica.difference())
                assert_same(terminal, painted(picture.width, picture.height, picture.lines, cursor))
        terminal.feed(replica.difference())
        assert_same(terminal, painted(picture.width, picture.height, picture.lines, cursor))


@pytest.mark.parametrize("seed", range(3))
def test_characters_with_marks_come_whole(seed: int) -> None:
    chance = random.Random(seed)
    replica, terminal = Replica(), Emulator(12, 2)
    replica.enter()
    for _ in range(60):
        lines = [
            "".join(chance.choice(("e\u0301", "a", "世", "ñ", "n\u0303\u0323", " ")) for _ in range(6)) for _ in "ab"
        ]
        strips = [Strip([Segment(line)]).adjust_cell_length(12) for line in lines]
        note(replica, LayoutUpdate([[strip] for strip in strips], Region(0, 0, 12, 2)))
        terminal.feed(replica.difference())
        assert_same(terminal, painted(12, 2, strips, (0, 0)))


def note(replica: Replica, update: LayoutUpdate | ChopsUpdate, cursor: tuple[int, int] = (0, 0)) -> bool:
    """Have a replica take a frame."""
    return replica.note(update, cursor, colours=ColorSystem.TRUECOLOR)


def frame(*lines: str) -> LayoutUpdate:
    """Return a frame of plain lines."""
    strips: list[Iterable[Strip]] = [[Strip([Segment(line)])] for line in lines]
    return LayoutUpdate(strips, Region(0, 0, len(lines[0]), len(lines)))


def shown(*lines: str) -> Replica:
    """Return a replica of a terminal that shows a frame."""
    replica = Replica()
    replica.enter()
    note(replica, frame(*lines))
    replica.difference()
    return replica


def test_only_what_differs_is_sent() -> None:
    replica = shown("one agent", "two words")
    assert note(replica, frame("one agent", "two words")) is False
    assert replica.difference() == ""
    assert note(replica, frame("one agent", "two works"))
    assert replica.difference() == "\x1b[2;8Hk\x1b[1;1H"


def test_a_frame_goes_on_with_the_pen_of_the_one_before() -> None:
    replica = Replica()
    replica.enter()
    for word in ("one", "two", "six"):
        note(replica, LayoutUpdate([[Strip([Segment(word, Style.parse("red on blue"))])]], Region(0, 0, 3, 1)))
        sent = replica.difference()
    assert sent == "\x1b[1;1Hsix\x1b[1;1H"


def test_the_cursor_is_moved_where_it_is_not_already() -> None:
    replica = shown("one two")
    note(replica, frame("one twx"), (0, 0))
    assert replica.difference() == "\x1b[1;7Hx\x1b[1;1H"
    note(replica, frame("onexxwx"), (5, 0))
    assert replica.difference() == "\x1b[1;4Hxx"
    note(replica, frame("onexxwx"), (1, 0))
    assert replica.difference() == "\x1b[1;2H"


def test_cells_between_two_changes_are_written_again_where_that_is_shorter() -> None:
    replica = shown("abcdefghijklmnop")
    note(replica, frame("Abc" + "Defghijklmno" + "P"))
    assert replica.difference() == "\x1b[1;1HAbcD\x1b[11CP\x1b[1;1H"


def test_nothing_is_sent_while_the_terminal_shows_something_else_and_all_of_it_afterwards() -> None:
    replica = shown("one", "two")
    replica.leave()
    note(replica, frame("one", "TWO"))
    assert replica.difference() == ""
    replica.forget()
    assert replica.difference() == ""
    replica.enter()
    terminal = Emulator(3, 2)
    terminal.feed(replica.difference())
    assert terminal.lines() == ["one", "TWO"]


def test_a_long_stall_keeps_no_frames() -> None:
    replica = shown("a" * 40)
    chance = random.Random(1)
    for _ in range(2000):
        start = chance.randrange(39)
        end = chance.randrange(start + 1, 41)
        piece = Strip([Segment(chance.choice("xyz") * (end - start))])
        note(replica, ChopsUpdate([{start: piece}], [(0, start, end)], [[end]]))
    assert sum(len(line.waiting) for line in replica._noted) <= 64


def test_what_was_noted_while_a_difference_was_found_comes_with_the_next() -> None:
    replica = shown("0000")
    terminal = Emulator(4, 1)
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            terminal.feed(replica.difference())

    thread = threading.Thread(target=write)
    thread.start()
    for number in range(3000):
        note(replica, frame(f"{number:04}"))
    done.set()
    thread.join()
    terminal.feed(replica.difference())
    assert terminal.lines() == ["2999"]


@pytest.mark.parametrize("text", ["\x1b[31m", "a\x00b", "\x9b2J", "\r\n", "\x7f", "ab\u0085c", "e\u0301\x1b", "\u2028"])
def test_no_control_character_comes_from_a_cell(text: str) -> None:
    row = cells_of(Strip([Segment(text)]), ColorSystem.TRUECOLOR)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", "".join(row.texts))
    assert not re.search("[\x00-\x1f\x7f-\x9f]", printable(text))
    replica = Replica()
    replica.enter()
    note(replica, LayoutUpdate([[Strip([Segment(text + "end")])]], Region(0, 0, 20, 1)))
    sent = re.sub(r"\x1b(?:7|8|\[[0-9;]*[HCm])", "", replica.difference())
    assert sent.isprintable(), sent


@pytest.mark.parametrize(
    ("colours", "codes"),
    [
        (ColorSystem.TRUECOLOR, r"48;2;\d+;\d+;\d+|38;2;\d+;\d+;\d+"),
        (ColorSystem.EIGHT_BIT, r"[34]8;5;\d+"),
        (ColorSystem.STANDARD, r"3[0-7]|4[0-7]|9[0-7]|10[0-7]"),
    ],
    ids=["16 million", "256", "16"],
)
def test_a_terminal_gets_colours_that_it_has(colours: ColorSystem, codes: str) -> None:
    replica = Replica()
    replica.enter()
    styles = [Style.parse("#102030 on #a0b0c0"), Style.parse("#ffcc00"), Style.parse("on #123456")]
    update = LayoutUpdate([[Strip([Segment("x", style) for style in styles])]], Region(0, 0, 3, 1))
    replica.note(update, (0, 0), colours=colours)
    sent = [parameters for parameters in re.findall(r"\x1b\[([0-9;]*)m", replica.difference()) if parameters]
    assert sent
    assert all(re.fullmatch(rf"(?:(?:{codes}|[34]9)(?:;|\Z))+", parameters) for parameters in sent), sent


def test_without_colours_attributes_stay() -> None:
    replica = Replica()
    replica.enter()
    update = LayoutUpdate([[Strip([Segment("x", Style.parse("bold reverse"))])]], Region(0, 0, 1, 1))
    replica.note(update, (0, 0), colours=ColorSystem.STANDARD)
    assert replica.difference() == "\x1b[m\x1b[1;1H\x1b[1;7mx\x1b[1;1H"


def test_a_pile_of_marks_is_bounded() -> None:
    row = cells_of(Strip([Segment("a" + "\u0301" * 5000)]), ColorSystem.TRUECOLOR)
    assert [len(text) for text in row.texts] == [16]


def test_half_a_wide_character_is_blank() -> None:
    row = cells_of(Strip([Segment("a世b")]), ColorSystem.TRUECOLOR)
    assert row.texts == ["a", "世", REST, "b"]
    row.put(2, CellRow(["x"], [PLAIN]))
    assert row.texts == ["a", BLANK, "x", "b"]
    row = cells_of(Strip([Segment("a世b")]), ColorSystem.TRUECOLOR)
    row.put(1, CellRow(["x"], [PLAIN]))
    assert row.texts == ["a", "x", BLANK, "b"]
    narrow = CellRow.blank(2)
    narrow.put(1, cells_of(Strip([Segment("世")]), ColorSystem.TRUECOLOR))
    assert narrow.texts == [BLANK, BLANK]


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        (PLAIN, PLAIN, ""),
        (PLAIN, Pen("1"), "\x1b[1m"),
        (Pen("1"), PLAIN, "\x1b[m"),
        (Pen("", "", "31"), Pen("", "44", "31"), "\x1b[44m"),
        (Pen("", "44", "31"), Pen("", "", "31"), "\x1b[49m"),
        (Pen("1", "44", "31"), Pen("3", "44", "31"), "\x1b[;3;31;44m"),
        (Pen("1", "44", "31"), Pen("", "44", "31"), "\x1b[;31;44m"),
    ],
)
def test_a_pen_is_changed_by_as_little_as_possible(before: Pen, after: Pen, sent: str) -> None:
    assert change_of_pen(before, after) == sent


def test_a_vowel_sign_that_stands_beside_its_letter_is_written_over_by_nothing() -> None:
    row = cells_of(Strip([Segment("कौन सा|x")]), None)
    assert row.texts == ["कौ", REST, "न", BLANK, "सा", REST, "|", "x"] and len(row.pens) == 8
    difference = FrameDifference(PLAIN)
    difference.add(0, row, CellRow.blank(8))
    # A terminal that gives the sign no cell shows a blank there, and no other place moves.
    sent = difference.text((0, 0), (0, 0))
    assert "  \x1b[1;5Hसा\x1b[1;7H|x" in sent and "  \x1b[1;1Hकौ\x1b[1;3Hन" in sent
    assert cells_of(Strip([Segment("ा|")]), None).texts == ["ा", "|"], "a cut may take its letter away"
