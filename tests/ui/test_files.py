"""The files of an agent under keys: what is shown, what is ordered, what is never lost."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from cockpit.model import events as ev
from cockpit.model.content import Block
from cockpit.model.files.content import FilePage
from cockpit.model.files.entries import FileEntry, FileKind, FileListing, FoundLine, SearchResult
from cockpit.model.files.mentions import Mention, mentions_in
from cockpit.model.files.transfer import Carriage, Direction
from cockpit.model.ids import AgentId, agent_of
from cockpit.ui.app import CockpitApp
from cockpit.ui.files import editing
from cockpit.ui.files.conflict import ConflictDialog
from cockpit.ui.files.page import page_rows
from cockpit.ui.files.screen import FilesScreen
from cockpit.ui.files.tree import FileTree, found_rows
from cockpit.ui.files.view import PageView
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id

AGENT = agent_of(vm_id(1))

HOSTILE_NAMES = (
    "bad\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "line\nfeed\r",
    "tab\tbed",
    "\u202egpj.exe",
    "e\u0301" + "\u0301" * 40,
    "\U0001f469\u4e2d\u6587" * 20,
    "\x7f\x00",
)


def with_files(**content: bytes) -> FakeEngine:
    """Return a scene whose first agent has files; `__` in a name stands for a slash, `_` for a dot."""
    engine = scene()
    for name, data in content.items():
        engine.files.content[AGENT, name.replace("__", "/").replace("_", ".")] = data
    return engine


@asynccontextmanager
async def opened(
    engine: FakeEngine, size: tuple[int, int] = (80, 24), *, read_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], FilesScreen]]:
    """Run the cockpit with the files of its first agent open."""
    app = CockpitApp(engine, read_only=read_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("F")
        await settled(pilot)
        assert isinstance(app.screen, FilesScreen)
        yield pilot, app.screen


async def settled(pilot: Pilot[None]) -> None:
    """Wait until all that was begun is done."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def lines(rows: RowList) -> list[str]:
    return [row.content.plain for row in rows.rows]


def tree(screen: FilesScreen) -> list[str]:
    return [" ".join(line.split()) for line in lines(screen.query_one("#tree", RowList))]


def said(screen: FilesScreen) -> str:
    shown = screen.query_one("#said", Plain)
    return str(shown.content) if shown.has_class("-said") else ""


async def test_the_tree_opens_folds_and_shows_what_a_file_says() -> None:
    engine = with_files(src__api__a_py=b"one\ntwo\n", src__b_py=b"b", z_txt=b"z")
    async with opened(engine) as (pilot, screen):
        assert tree(screen) == ["‥ up", "▸ src/", "z.txt 1 B"]
        await press(pilot, "down", "enter", "down", "right")
        assert tree(screen) == ["‥ up", "▾ src/", "▾ api/", "a.py 8 B", "b.py 1 B", "z.txt 1 B"]
        await press(pilot, "down", "enter")
        view = screen.query_one(PageView)
        assert screen.focused is view and [line.split() for line in lines(view)] == [["1", "one"], ["2", "two"]]
        await press(pilot, "escape", "left")
        assert screen.query_one("#tree", RowList).cursor_key == "/w/src/api"
        await press(pilot, "left")
        assert tree(screen) == ["‥ up", "▾ src/", "▸ api/", "b.py 1 B", "z.txt 1 B"]
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


@pytest.mark.parametrize("width", [12, 28, 80])
def test_hostile_names_and_contents_are_inert(width: int) -> None:
    names = [*HOSTILE_NAMES, "\udcff\udcfe"]
    entries = tuple(FileEntry(name, kind, 1, 0o644, 0.0, name) for name in names for kind in FileKind)
    shown = FileTree()
    shown.show(FileListing("/w\x1b[2J", entries, 10_000), as_root=True)
    found = SearchResult("/w", tuple(FoundLine(name, 3, name) for name in names), "more")
    content = "\n".join(names).encode("utf-8", "surrogateescape")
    pages = [FilePage("/w/x", 10**6, 0, content, encoding, 0.0) for encoding in ("utf-8", "latin-1", "")]
    rows = [*shown.rows(width), *found_rows(found, width)]
    rows += [row for page in pages for row in page_rows(page, 1, width)]
    drawn = "".join(row.content.plain for row in rows)
    assert not [character for character in drawn if not character.isprintable() or 0xD800 <= ord(character) < 0xE000]
    assert "\u241b" in drawn, "a name that hides something is seen to do so"
    narrow = [row.content.plain for row in shown.rows(width) if row.key]
    assert all(cell_len(line) <= max(width, 20) for line in narrow)


async def test_a_search_shows_what_it_found_and_leads_there() -> None:
    engine = with_files(src__a_py=b"one\nthe needle\n" + b"more\n" * 100, b_txt=b"none")
    async with opened(engine) as (pilot, screen):
        await press(pilot, "s", *"needle", "enter")
        assert tree(screen) == ["src/a.py:2 the needle"] and "1 found" in said(screen)
        await press(pilot, "enter")
        assert screen.query_one(PageView).cursor_key == "2"
        await press(pilot, "escape", "escape")
        assert tree(screen)[1] == "▸ src/"
        await press(pilot, "slash", *"b.t", "enter")
        assert tree(screen) == ["b.txt"]
        await press(pilot, "escape", "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_what_a_search_finds_appears_as_it_is_found_and_the_search_can_be_ended() -> None:
    engine = with_files(a_txt=b"", b_txt=b"", c_py=b"")
    engine.files.held_back = asyncio.Event()
    async with opened(engine) as (pilot, screen):
        await press(pilot, "slash", *"txt")
        await pilot.press("enter")
        await until(lambda: tree(screen) == ["a.txt", "b.txt"] and "2 found so far" in said(screen))
        await press(pilot, "escape")
        assert tree(screen)[:2] == ["a.txt", "b.txt"] and "the search was ended" in tree(screen)[2]
        await press(pilot, "escape")
        assert len(tree(screen)) == 4 and isinstance(pilot.app.screen, FilesScreen)
        await press(pilot, "slash", *"txt")
        engine.files.held_back.set()
        await press(pilot, "enter")
        assert "2 found for txt" in said(screen)


async def test_a_long_file_is_read_in_parts_with_its_line_numbers() -> None:
    engine = with_files(long_txt=b"".join(b"line %d\n" % number for number in range(1, 40_001)))
    async with opened(engine) as (pilot, screen):
        await press(pilot, "down", "enter", "end")
        view = screen.query_one(PageView)
        assert "more: n" in lines(view)[-1]
        last = lines(view)[-2].split()
        await press(pilot, "n")
        assert lines(view)[0].split() == [str(int(last[0]) + 1), "line", str(int(last[2]) + 1)]
        await press(pilot, "b")
        assert lines(view)[0].split() == ["1", "line", "1"]


async def test_out_of_reach_says_why_at_once() -> None:
    engine = with_files(a_txt=b"a")
    engine.files.refusals[AGENT] = "its VM is paused: resume it first"
    app = CockpitApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("F")
        await settled(pilot)
        assert isinstance(app.screen, HomeScreen)
        assert "paused" in [notification.message for notification in app._notifications][-1]
    engine.files.refusals.clear()
    async with opened(engine) as (pilot, screen):
        engine.files.refusals[AGENT] = "the link is down"
        screen.panel._look()
        assert said(screen) == "the link is down"
        await press(pilot, "down", "enter")
        assert said(screen) == "the link is down"


async def test_what_is_brought_and_taken_is_asked_for_and_can_be_cancelled(tmp_path: Path) -> None:
    engine = with_files(src__a_py=b"a", b_txt=b"b")
    async with opened(engine) as (pilot, screen):
        await press(pilot, "down", "g")
        field = pilot.app.screen.query_one("#local")
        field.value = str(tmp_path)  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert engine.files.begun == [Carriage(Direction.GET, AGENT, "/w/src", tmp_path)]
        screen.panel._look()
        assert "100 B of 1.0 kB" in str(screen.query_one("#carried", Plain).content)
        await press(pilot, "x")
        assert engine.files.cancelled == ["t1"]
        await press(pilot, "down", "p")
        field = pilot.app.screen.query_one("#local")
        field.value = str(tmp_path / "absent")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert len(engine.files.begun) == 1, "there is no such file"
        field.value = str(tmp_path)  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert engine.files.begun[1] == Carriage(Direction.PUT, AGENT, "/w", tmp_path)
    async with opened(engine, read_only=True) as (pilot, screen):
        await press(pilot, "down", "p", "e")
        assert "read-only" in said(screen) and len(engine.files.begun) == 2


async def test_an_edit_that_met_another_keeps_both_and_offers_to_merge(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = with_files(a_txt=b"one\n")
    key: tuple[AgentId, str] = AGENT, "a.txt"
    opened_with: list[int] = []

    def edit(local: Path) -> None:
        local.write_text("mine\n" if len(opened_with) < 3 else "merged\n")

    async def write(app: object, checked_out: object, local: Path, *others: Path) -> None:
        opened_with.append(1 + len(others))
        edit(local)
        if len(opened_with) == 2:
            engine.files.content[key] = b"theirs\n"

    monkeypatch.setattr(editing, "_open", write)
    async with opened(engine) as (pilot, screen):
        await press(pilot, "down", "e")
        assert engine.files.content[key] == b"mine\n" and "written" in said(screen)
        engine.files.content[key] = b"one\n"
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, ConflictDialog) and engine.files.content[key] == b"theirs\n"
        await press(pilot, "m")
        assert opened_with == [1, 1, 2] and engine.files.content[key] == b"merged\n"


async def test_a_path_in_the_output_leads_to_its_file() -> None:
    engine = with_files(src__a_py=b"one\ntwo\n")
    engine.say(AGENT, ev.MessageEnded("assistant", (Block("text", "I wrote `src/a.py:2`, see there."),)))
    app = CockpitApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.bridge.flush()
        home.try_action("files.named")
        await settled(pilot)
        await press(pilot, "enter")
        files = app.screen_stack[-1]
        assert isinstance(files, FilesScreen) and files.query_one(PageView).cursor_key == "2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see src/api.py:12: error", [Mention("src/api.py", 12)]),
        ("in `/etc/my file/x` and README.md.", [Mention("/etc/my file/x"), Mention("README.md")]),
        ("https://example.org/a/b and 1.2.3 and e.g. this", []),
        ("~/notes.txt, ./run and ../up/x", [Mention("~/notes.txt"), Mention("./run"), Mention("../up/x")]),
        ("a.b@c.org wrote v1.2", []),
    ],
)
def test_paths_are_found_in_a_text(text: str, found: list[Mention]) -> None:
    assert list(mentions_in(text)) == found
