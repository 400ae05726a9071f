"""The inbox without a screen: its groups, what is put off, what became of questions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cockpit.cli import inbox
from cockpit.cli.exits import ExitCode
from cockpit.errors import NotFound
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.inbox.entries import Group, id_of, key_of, put_off
from cockpit.model.inbox.entries import inbox as entries
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.shelf import PutOff
from tests.cli.double import HeadlessDouble, HeadlessOnDouble
from tests.cli.test_options_of_verbs import Failing
from tests.ui.fake_engine import NOW
from tests.ui.scene import fleet

SCENE = fleet()
FIRST = entries(SCENE, NOW).shown[0]


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


async def test_the_groups_are_listed_with_ids_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    engine = HeadlessDouble(SCENE)
    assert await inbox.listed(HeadlessOnDouble(engine), None, False, True) == ExitCode.FAILED
    told = printed(capsys)
    listed = told["entries"]
    assert isinstance(listed, list) and [one["key"] for one in listed] == [
        key_of(item) for item in entries(SCENE, NOW).shown
    ]
    assert listed[0]["options"] and listed[0]["who"] == "w-tokens" and listed[0]["holds_up"]
    assert await inbox.listed(HeadlessOnDouble(engine), Group.DONE, False, False) == ExitCode.DONE
    assert "w-docs is done" in capsys.readouterr().out


@pytest.mark.parametrize("how", [*PutOff])
async def test_an_entry_is_put_off_by_its_id_and_taken_back(how: PutOff, capsys: pytest.CaptureFixture[str]) -> None:
    engine = Failing(SCENE, set())
    key = key_of(FIRST)
    assert await inbox.snooze(HeadlessOnDouble(engine), id_of(key)[:6], how, False, True) == ExitCode.DONE
    assert isinstance(engine.ordered[0], PutOffEntry) and engine.ordered[0].how is how
    assert printed(capsys)["done"] is True
    engine.change(replace(SCENE, shelved=(put_off(FIRST, how, NOW),)))
    assert await inbox.listed(HeadlessOnDouble(engine), None, True, True) == ExitCode.DONE
    assert [one["key"] for one in printed(capsys)["entries"]] == [key]  # type: ignore[attr-defined]
    assert await inbox.snooze(HeadlessOnDouble(engine), id_of(key), None, False, False) == ExitCode.DONE
    assert engine.ordered[1] == TakeBackEntry(key)


async def test_nothing_is_put_off_by_a_rehearsal_nor_by_an_id_that_means_nothing() -> None:
    engine = HeadlessDouble(SCENE)
    assert await inbox.snooze(HeadlessOnDouble(engine), id_of(key_of(FIRST)), PutOff.HOUR, True, True) == ExitCode.DONE
    for entry in ("zzz", ""):
        with pytest.raises(NotFound, match="no entry is called"):
            await inbox.snooze(HeadlessOnDouble(engine), entry, PutOff.HOUR, False, True)
    assert engine.ordered == []


async def test_the_history_says_who_answered_and_what_was_withdrawn(capsys: pytest.CaptureFixture[str]) -> None:
    engine = HeadlessDouble(SCENE)
    engine.coordination.inbox.decided = (
        Decided("ask:a:1", "m", NOW, "quill", "Which?", HowEnded.ANSWERED, "0.1.0", "ada@here"),
        Decided("ask:a:2", "m", NOW - 9, "quill", "Now?", HowEnded.WITHDRAWN),
    )
    assert await inbox.history(HeadlessOnDouble(engine), 50, False) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert "0.1.0" in lines[1] and "ada@here" in lines[1] and "withdrawn" in lines[2]
