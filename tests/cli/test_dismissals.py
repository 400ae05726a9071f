"""The verb `dismiss`, and what a verb says of calls that were cut off, over a double of the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.cli import fleet as verbs
from cockpit.cli.exits import ExitCode
from cockpit.errors import NotFound, UsageError
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import VmId, agent_of
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

OURS = VmId("aaaaaaaa-0000-4000-8000-000000000001")
SUSPECT = VmId("bbbbbbbb-0000-4000-8000-000000000002")
GONE = VmId("cccccccc-0000-4000-8000-000000000003")

FLEET = Fleet(
    vms=(Vm(OURS, Power.RUNNING), Vm(SUSPECT, Power.RUNNING, perhaps_ours="a call lost its answer")),
    agents=(Agent(agent_of(OURS), "ada", AgentKind.WORKER, OURS),),
)


async def dismiss(fleet: Fleet, name: str) -> int:
    return await verbs.dismiss(HeadlessOnDouble(HeadlessDouble(fleet)), name, dry_run=False, as_json=False)


@pytest.mark.parametrize("name", [GONE, GONE.upper()])
async def test_what_is_dismissed_already_is_no_failure_also_where_nothing_shows_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await dismiss(replace(FLEET, dismissed=frozenset({GONE})), name) == ExitCode.DONE
    assert "it is dismissed already" in capsys.readouterr().err


async def test_what_is_ours_is_refused_and_what_is_unknown_not_found() -> None:
    with pytest.raises(UsageError, match="ada is an agent of this fleet"):
        await dismiss(FLEET, "ada")
    with pytest.raises(NotFound):
        await dismiss(FLEET, GONE)
