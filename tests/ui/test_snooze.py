"""Snoozing an agent from its row: all it wants is put off, its row says so, and the same key takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.inbox.entries import inbox, put_off
from cockpit.model.inbox.shelf import PutOff
from cockpit.ui.actions.peeking import oldest_ask
from cockpit.ui.dialogs.put_off import PutOffDialog
from cockpit.ui.widgets.panes import AgentsTree
from tests.ui.fake_engine import NOW
from tests.ui.test_home import cockpit

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_what_an_agent_wants_is_put_off_from_its_row_and_taken_back_by_the_same_key() -> None:
    async with cockpit() as (pilot, home, engine):
        asking = oldest_ask(engine.fleet)
        assert asking is not None
        await pilot.press("o", "tilde")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PutOffDialog)
        await pilot.press("2")
        await pilot.pause()
        ordered = [one for one in engine.ordered if isinstance(one, PutOffEntry)]
        items = [item for item in inbox(engine.fleet, NOW).shown if item.agent == asking.id]
        assert len(ordered) == len(items) >= 1 and {one.how for one in ordered} == {PutOff.HOUR}
        engine.change(replace(engine.fleet, shelved=tuple(put_off(item, PutOff.HOUR, NOW) for item in items)))
        home.bridge.flush()
        (row,) = (str(row.content) for row in home.query_one(AgentsTree).rows if row.key == asking.id)
        assert f"~{asking.name}" in row
        await pilot.press("slash", *"is:snoozed", "enter", "tilde")
        await pilot.pause()
        assert [row.key for row in home.query_one(AgentsTree).rows] == [asking.id]
        assert len([one for one in engine.ordered if isinstance(one, TakeBackEntry)]) == len(items)
