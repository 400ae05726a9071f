"""The changes of an agent on the screen: folded, opened, commented on, sent, and noted as seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.changes.diff import FileChange
from cockpit.model.changes.patch import parse_patch
from cockpit.model.changes.report import Base, Changes, RepositoryChanges, Since, Snapshot, Workspace
from cockpit.model.commands.work import RestoreFiles
from cockpit.model.fleet import Link, LinkState
from cockpit.ui.dialogs.changes.dialog import ChangesDialog
from cockpit.ui.look.cells import content
from cockpit.ui.look.output_frame import output_title
from cockpit.ui.widgets.row_list import RowList
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.hostile import FORBIDDEN
from tests.ui.scene import scene
from tests.ui.test_home import LT_API, cockpit, notifications
from tests.ui.test_hostile import drawn

SAID = """diff --git a/src/api.py b/src/api.py
--- a/src/api.py
+++ b/src/api.py
@@ -1,3 +1,3 @@ def events():
 first
-offset = int(cursor)
+offset = int(place)
 last
diff --git "a/\\033[31mred\\nname" "b/\\033[31mred\\nname"
new file mode 100644
--- /dev/null
+++ "b/\\033[31mred\\nname"
@@ -0,0 +1 @@
+\x1b]0;evil\x07\u202etext\r
"""
KEPT = (Snapshot("1790000000000000000-end", "end", "c", "t", NOW - 60, "", "."),)


def engine_with_changes() -> FakeEngine:
    """An engine whose agent changed two files."""
    engine = scene()
    files = parse_patch(SAID.encode()).files
    one = RepositoryChanges(".", "main", "c0ffee", "origin/main", 2, 1, base="b", base_how="task", now="n", files=files)
    sick = RepositoryChanges("./sick", fault="it is broken\x1b[2J")
    engine.work.changes.found[LT_API] = Changes(LT_API, Base(), NOW, NOW, (one, sick), snapshots=KEPT)
    return engine


async def opened(pilot: Pilot[None]) -> tuple[ChangesDialog, RowList]:
    await pilot.press("d")
    await settled(pilot)
    dialog = pilot.app.screen
    assert isinstance(dialog, ChangesDialog)
    return dialog, dialog.query_one("#rows", RowList)


async def settled(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def texts(rows: RowList) -> list[str]:
    return [row.content.plain for row in rows.rows]


async def test_files_are_opened_commented_on_and_the_round_is_sent() -> None:
    async with cockpit(engine_with_changes()) as (pilot, home, engine):
        home.select(LT_API)
        dialog, rows = await opened(pilot)
        assert len(rows.rows) == 4 and "+1 −1" in texts(rows)[1] and "↑2 ↓1" in texts(rows)[0]
        assert "not known: it is broken" in texts(rows)[3]
        await pilot.press("a")
        await pilot.pause()
        shown = "\n".join(texts(rows))
        assert "offset = int(place)" in shown and "␍" in shown
        assert not any(character in drawn(pilot.app) for character in FORBIDDEN)
        (added,) = [row for row in rows.rows if "+ offset" in row.content.plain]
        assert any(span.style.endswith("reverse") for span in added.content.spans if isinstance(span.style, str))
        rows.point_at(added.key)
        await pilot.press("c", *"Name it", "ctrl+s")
        await settled(pilot)
        (comment,) = engine.work.comments.known[LT_API]
        assert (comment.path, comment.line, comment.note, comment.commit) == ("src/api.py", 2, "Name it", "n")
        assert any("✎ C1 draft  Name it" in text for text in texts(rows))
        await pilot.press("s", "enter")
        await settled(pilot)
        assert [agent for agent, _ in engine.work.comments.sent] == [LT_API]
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, ChangesDialog) and len(engine.work.changes.seen) == 1
        assert dialog not in pilot.app.screen_stack


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (RepositoryChanges("files", files=(FileChange("M", "a.py", "a.py", sizes=(1, 2), whole=False),)), "git is not"),
        (RepositoryChanges(".", now="n", files=(FileChange("M", "a.py", "a.py", binary=True),)), "a.py is binary"),
        (RepositoryChanges(".", now="n", files=(FileChange("M", "a.py", "a.py", whole=False),)), "not carried"),
        (RepositoryChanges(".", now="n", files=(FileChange("R", "b.py", "a.py"),)), "no line of it differs"),
    ],
    ids=["without git", "binary", "too much", "renamed"],
)
async def test_why_no_line_can_be_commented_on_is_said(found: RepositoryChanges, why: str) -> None:
    engine = scene()
    engine.work.changes.found[LT_API] = Changes(LT_API, Base(), NOW, NOW, (found,))
    async with cockpit(engine) as (pilot, home, _):
        home.select(LT_API)
        _, rows = await opened(pilot)
        rows.point_at(rows.rows[1].key)
        await pilot.press("c")
        await pilot.pause()
        assert [said for said in notifications(pilot) if why in said and "say in a prompt" in said]
        assert isinstance(pilot.app.screen, ChangesDialog) and not engine.work.comments.known


async def test_another_base_a_turn_a_patch_and_a_restoration() -> None:
    async with cockpit(engine_with_changes()) as (pilot, home, engine):
        home.select(LT_API)
        _, rows = await opened(pilot)
        await pilot.press("b", "right", "enter")
        await settled(pilot)
        assert engine.work.changes.looks[-1].since is Since.PROMPT
        await pilot.press("R")
        await pilot.pause()
        assert engine.ordered == [], "nothing says what would be restored"
        await pilot.press("t")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert engine.work.changes.looks[-1] == Base(Since.TURN, KEPT[0].key)
        await pilot.press("R")
        await settled(pilot)
        assert engine.ordered == [] and any("works" in str(said.message) for said in pilot.app._notifications)
        agent = engine.fleet.agent(LT_API)
        assert agent is not None
        engine.change_agent(replace(agent, run_open=False))
        await pilot.press("R")
        await settled(pilot)
        await pilot.press("y")
        await settled(pilot)
        assert engine.ordered == [RestoreFiles(LT_API, KEPT[0].key)]
        rows.point_at(rows.rows[1].key)
        await pilot.press("y", "enter")
        await settled(pilot)
        assert [path.suffix for path in engine.work.changes.saved] == [".patch"]
        assert all(path.is_absolute() for path in engine.work.changes.saved)


async def test_what_cannot_be_looked_at_says_why_and_a_link_that_is_down_at_once() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.select(LT_API)
        await opened(pilot)
        assert "the test lets nobody look" in drawn(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        agent = engine.fleet.agent(LT_API)
        assert agent is not None
        engine.change_agent(replace(agent, link=Link(LinkState.DOWN, reason="the cable")))
        home.bridge.flush()
        await pilot.press("d")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, ChangesDialog)
        assert any("the cable" in said for said in notifications(pilot))


def test_the_title_says_repository_branch_and_numbers() -> None:
    agent = scene().fleet.agent(LT_API)
    assert agent is not None
    known = Workspace(NOW, "app", 0, "main", 2, 1, "", 3, 12, 4)
    title = content(output_title(replace(agent, workspace=known), None, NOW)).plain
    assert title.endswith("app main ↑2 ↓1 +12 −4")
