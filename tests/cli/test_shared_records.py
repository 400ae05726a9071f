"""The verbs about shared records: what they print, hostile texts inert, and what is missing said beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.cli import records, registered, skills
from cockpit.cli.exits import ExitCode
from cockpit.errors import NotFound, UsageError
from cockpit.model.shared.skills import Shelf
from tests.cli.double import HeadlessDouble, HeadlessOnDouble
from tests.ui.scene import scene


@pytest.fixture
def engine() -> HeadlessDouble:
    return HeadlessDouble(scene().fleet)


def printed(capfd: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capfd.readouterr().out)


async def test_each_list_is_printed_for_programs(engine: HeadlessDouble, capfd: pytest.CaptureFixture[str]) -> None:
    on = HeadlessOnDouble(engine)
    assert await skills.list_skills(on, "", True) == ExitCode.DONE
    assert [(one["name"], one["version"], one["enabled"], one["agents"]) for one in printed(capfd)] == [
        ("handoff", 1, False, {}),
        ("triage", 2, True, {"worker-auth": 1}),
        ("hello", 1, True, {}),
    ]
    assert await registered.registry(on, "", "", True) == ExitCode.DONE
    assert [(one["name"], one["life"], one["stale"], one["parent"]) for one in printed(capfd)] == [
        ("worker-auth", "alive", False, "lt-backend"),
        ("worker-docs", "lost", True, None),
        ("lt-backend", "idle", False, None),
    ]
    await records.log(on, None, "8h", "", dry_run=False, as_json=True)
    assert [one["agent"] for one in printed(capfd)] == ["coordinator", None]
    await records.ledger(on, tag="", agent="", label="", vm_id="", source="", as_json=True)
    assert printed(capfd)[0]["commit_id"] == "c0ffee00"
    await records.link(on, "", True)
    assert printed(capfd)["dashboard"] == "http://x:3000/ui/"
    assert set(engine.coordination.records.asked) == {"embedded"}


async def test_people_get_tables_and_no_escape_of_anybody(
    engine: HeadlessDouble, capfd: pytest.CaptureFixture[str]
) -> None:
    on = HeadlessOnDouble(engine)
    await records.log(on, None, "", "", dry_run=False, as_json=False)
    await records.show_report(on, "01REP", "", False)
    await skills.show(on, "triage", None, "", False)
    said = capfd.readouterr().out
    assert "\x1b" not in said and "All *done*." in said and "had by: worker-auth(v1)" in said


async def test_what_is_missing_is_said_beside_the_list(
    engine: HeadlessDouble, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.coordination.records.missing = ("this server is a reef and has no journal",)
    on = HeadlessOnDouble(engine)
    await records.journal(on, None, "", "", "", "", dry_run=False, as_json=True)
    both = capfd.readouterr()
    assert len(json.loads(both.out)) == 1 and "is a reef" in both.err
    engine.coordination.skills.shelf = Shelf(missing=("this server is a reef and has no SkillHub",))
    assert await skills.list_skills(on, "", False) == ExitCode.DONE, "what a reef lacks is no error"


async def test_what_is_typed_wrongly_is_said(engine: HeadlessDouble) -> None:
    on = HeadlessOnDouble(engine)
    with pytest.raises(UsageError, match="as 8h or 3d, not '30m'"):
        await records.log(on, None, "30m", "", dry_run=False, as_json=False)
    with pytest.raises(NotFound, match="has no triag"):
        await skills.show(on, "triag", None, "", False)
    with pytest.raises(UsageError, match="no role 'boss'"):
        await registered.discover(on, "boss", "", False)
    with pytest.raises(UsageError, match="no NAME=PORT"):
        registered.services_of(["http=x"])
