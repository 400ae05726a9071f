"""Who a verb about several means by a filter: never more than it leaves, whatever is done to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.cli import collect, fan_out, teardown
from cockpit.cli.choosing import Chosen
from cockpit.errors import NotFound, UsageError
from cockpit.model.commands.swarm import Teardown
from cockpit.model.desk import SavedFilter
from cockpit.model.fleet import AgentKind
from tests.cli.double import HeadlessDouble, HeadlessOnDouble
from tests.cli.test_options_of_verbs import Failing
from tests.ui.scene import fleet

SCENE = fleet()
WORKERS = [agent for agent in SCENE.agents if agent.kind is AgentKind.WORKER and not agent.elsewhere]
ONE = WORKERS[0]


async def with_kept(engine: HeadlessDouble) -> HeadlessOnDouble:
    """Have a filter that has a name."""
    await engine.coordination.desk.keep_filter(SavedFilter("just one", f'name:"{ONE.name}"'))
    return HeadlessOnDouble(engine)


@pytest.mark.parametrize("line", [f"name:{ONE.name}", "'just one"])
async def test_only_what_a_filter_leaves_is_torn_down(line: str) -> None:
    assert len(WORKERS) > 1
    engine = Failing(SCENE, set())
    headless = await with_kept(engine)
    await teardown.teardown(headless, Chosen(line=line), undo=False, yes=True, dry_run=False, as_json=True)
    assert [command.vms for command in engine.ordered if isinstance(command, Teardown)] == [(ONE.vm_id,)]


@pytest.mark.parametrize("line", [f"name:{ONE.name}", "'just one"])
async def test_a_command_is_run_where_a_filter_says(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    headless = await with_kept(Failing(SCENE, set()))
    await fan_out.on_agents(headless, Chosen(line=line), "true", 1.0, dry_run=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["names"] == [ONE.name]


async def test_a_filter_that_leaves_nobody_or_that_nobody_kept_means_nobody(tmp_path: Path) -> None:
    engine = Failing(SCENE, set())
    headless = await with_kept(engine)
    for choice in (Chosen(line="name:nobody"), Chosen(line="'another"), Chosen(line="name:nobody", label="x")):
        with pytest.raises(NotFound):
            await teardown.teardown(headless, choice, undo=False, yes=True, dry_run=False, as_json=True)
        with pytest.raises(NotFound):
            await collect.collect(headless, choice, tmp_path, (), True, True)
    # Whoever is named must be among those that the filter leaves.
    with pytest.raises(UsageError, match="not among"):
        choice = Chosen([ONE.name], line="name:nobody")
        await teardown.teardown(headless, choice, undo=False, yes=True, dry_run=False, as_json=True)
    assert engine.ordered == []


@pytest.mark.parametrize(
    "line", ["state:", "-kind:", '""', "state:,", f"name:{ONE.name} state:", "no:such", "x" * 3000]
)
async def test_a_filter_of_which_a_part_asks_for_nothing_tears_nobody_down(line: str) -> None:
    """As a variable of the shell leaves it that is empty."""
    engine = Failing(SCENE, set())
    kept = SavedFilter("kept", line)
    await engine.coordination.desk.keep_filter(kept)
    for given in (line, "'kept"):
        with pytest.raises(UsageError, match="--filter"):
            choice = Chosen(line=given)
            await teardown.teardown(HeadlessOnDouble(engine), choice, undo=False, yes=True, dry_run=False, as_json=True)
    assert engine.ordered == []
