"""The shared records on the screen: tabs that are read when looked at, acts by one key, refusals with what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.commands.shared import (
    EnableItem,
    PublishItem,
    RecordCommit,
    RegisterEntry,
    RemoveEntry,
    RemoveItem,
    ShareReport,
    SyncItems,
    WriteJournal,
    WriteLog,
)
from cockpit.model.receipts.receipt import Stage
from cockpit.model.shared.skills import SharedKind, SkillChange
from cockpit.services.errors import TokenRefused
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.shared.dialog import SharedDialog
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene
from tests.ui.shared_double import HANDOFF, NOW
from tests.ui.test_home import cockpit, notifications
from tests.ui.test_hostile import drawn

TABS = {"skills": "1", "registry": "2", "log": "3", "journal": "4", "reports": "5", "ledger": "6"}


def dialog_of(pilot: Pilot[None]) -> SharedDialog:
    screen = pilot.app.screen
    assert isinstance(screen, SharedDialog)
    return screen


def lines(dialog: SharedDialog) -> list[str]:
    return [row.content.plain for row in dialog.query_one("#rows", RowList).rows]


def said(dialog: SharedDialog, name: str) -> str:
    return dialog.query_one(f"#{name}", Plain).visual.plain  # type: ignore[attr-defined,no-any-return]


async def opened(pilot: Pilot[None], tab: str = "skills") -> SharedDialog:
    """Open the dialog on a tab, and wait until that was read."""
    await pilot.press("number_sign")
    await pilot.pause()
    dialog = dialog_of(pilot)
    await pilot.press(TABS[tab])
    await until(lambda: "ago" in said(dialog, "state"))
    return dialog


def engine_at_its_time() -> FakeEngine:
    engine = scene()
    engine.clock = NOW
    return engine


async def test_each_tab_shows_what_there_is() -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, _):
        dialog = await opened(pilot)
        first, second, third = lines(dialog)
        assert "handoff" in first and "○" in first and "triage" in second and "1 older" in second and "hello" in third
        await pilot.press("down")
        await until(lambda: "worker-auth has v1" in said(dialog, "about"))
        await pilot.press(TABS["registry"])
        await until(lambda: len(lines(dialog)) == 3 and "worker-docs" in lines(dialog)[1])
        assert "lost" in lines(dialog)[1] and "stale" in lines(dialog)[1] and "↑ lt-backend" in lines(dialog)[0]
        assert "idle" in lines(dialog)[2] and "40s" in lines(dialog)[2]
        await pilot.press(TABS["log"])
        await until(lambda: len(lines(dialog)) == 2 and "coordinator" in lines(dialog)[1])
        assert "\x1b" not in lines(dialog)[0] and "Dispatched" in lines(dialog)[0]
        await pilot.press(TABS["journal"])
        await until(lambda: bool(lines(dialog)) and "calm" in lines(dialog)[0])
        await pilot.press(TABS["reports"])
        await until(lambda: bool(lines(dialog)) and "Sprint recap" in lines(dialog)[0])
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, TextDialog))
        report = pilot.app.screen.query_one("#text", Plain).visual.plain  # type: ignore[attr-defined]
        assert "All *done*." in report and "http://x/reports/share/01LINK" in report
        await pilot.press("escape", TABS["ledger"])
        await until(lambda: bool(lines(dialog)) and "golden" in lines(dialog)[0])
        assert "\x1b" not in drawn(pilot.app)


async def test_a_refused_token_is_told_on_every_tab_and_what_was_read_stays() -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, engine):
        dialog = await opened(pilot)
        refused = TokenRefused("could not read it: 401 Unauthorized", hint="check the token: VERS_AUTH_TOKEN")
        shared = engine.coordination
        shared.skills.failure = shared.registry.failure = shared.records.failure = refused
        await pilot.press("r")
        await until(lambda: "VERS_AUTH_TOKEN" in said(dialog, "state"))
        assert len(lines(dialog)) == 3, "what was read before is still shown, with its age"
        for key in list(TABS.values())[1:]:
            await pilot.press(key)
            await until(lambda: "VERS_AUTH_TOKEN" in said(dialog, "state"))
            assert lines(dialog) == []


async def test_skills_are_switched_synced_removed_and_published() -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, engine):
        dialog = await opened(pilot)
        await pilot.press("e")
        assert engine.ordered == [EnableItem(HANDOFF, True, "embedded")]
        await pilot.press("s")
        assert isinstance(engine.ordered[-1], SyncItems)
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await until(lambda: engine.ordered[-1] == RemoveItem(SharedKind.SKILL, "handoff", "embedded"))
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*"d/retro", "enter")
        wanted = PublishItem(SharedKind.SKILL, "retro", "What for", "---\n---\n", source="embedded")
        await until(lambda: engine.ordered[-1] == wanted)
        engine.coordination.skills.shelf = replace(engine.coordination.skills.shelf, items=())
        change = SkillChange("1", "skill", "retro", 1, "publish", NOW)
        engine.coordination.skills.changes.put_nowait(change)
        await until(lambda: lines(dialog) == [])


@pytest.mark.parametrize(
    ("tab", "keys", "ordered"),
    [
        ("log", (*"began", "ctrl+s"), WriteLog("began", "embedded")),
        ("journal", (*"calm", "tab", *"good", "ctrl+s"), WriteJournal("calm", "good", (), "embedded")),
        (
            "registry",
            (*"v1", "tab", *"db", "tab", "tab", *"h", "ctrl+s"),
            RegisterEntry("v1", "db", "infra", "h", source="embedded"),
        ),
        ("ledger", (*"c1", "tab", *"v1", "ctrl+s"), RecordCommit("c1", "v1", "", (), "embedded")),
    ],
)
async def test_entries_are_written_by_a_form(tab: str, keys: tuple[str, ...], ordered: object) -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, engine):
        await opened(pilot, tab)
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*keys)
        await until(lambda: engine.ordered == [ordered])


async def test_a_link_to_a_report_is_asked_for_and_an_entry_taken_out() -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, engine):
        await opened(pilot, "reports")
        await pilot.press("s")
        await pilot.pause()
        await pilot.press(*"all", "tab", "3", "ctrl+s")
        await until(lambda: engine.ordered == [ShareReport("01REPORT", "all", 259_200.0, "embedded")])
        receipt = next(one for one in engine.fleet.receipts)
        engine.change(
            replace(engine.fleet, receipts=(replace(receipt, stage=Stage.FAILED, reason="the link is lost"),))
        )
        await until(lambda: any("the link is lost" in text for text in notifications(pilot)))
        await pilot.press(TABS["registry"])
        await until(lambda: len(lines(dialog_of(pilot))) == 3)
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await until(lambda: engine.ordered[-1] == RemoveEntry("vm-1", "embedded"))


async def test_the_link_into_the_dashboard_is_copied_and_shown_with_its_end() -> None:
    async with cockpit(engine=engine_at_its_time()) as (pilot, _, engine):
        await pilot.press("V")
        await until(lambda: isinstance(pilot.app.screen, TextDialog))
        text = pilot.app.screen.query_one("#text", Plain).visual.plain  # type: ignore[attr-defined]
        assert "token=SECRET" in text and "5 min" in text and "http://x:3000/ui/" in text
        assert pilot.app.clipboard == "http://x:3000/ui/login?token=SECRET"
        await pilot.press("escape")
        engine.coordination.link.failure = TokenRefused("401", hint="check the token: VERS_AUTH_TOKEN")
        await pilot.press("V")
        await until(lambda: any("VERS_AUTH_TOKEN" in one for one in notifications(pilot)))


async def test_without_services_both_say_so() -> None:
    engine = engine_at_its_time()
    engine.coordination.places = ()
    async with cockpit(engine=engine) as (pilot, _, _):
        await pilot.press("number_sign")
        await until(lambda: any("cockpit infra" in one for one in notifications(pilot)))
        assert not isinstance(pilot.app.screen, SharedDialog)
