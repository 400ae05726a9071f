"""How many keys sixteen tasks of a newcomer take, beside names and texts: no more than patience allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from textual.pilot import Pilot

from cockpit.model.commands.agent import Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.board import AssignTask, MoveTask
from cockpit.model.commands.conversation import SetModel
from cockpit.model.commands.life import Destroy, Spawn, Undo
from cockpit.model.commands.swarm import StopAll
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import Power
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.open_work import OpenDialog
from cockpit.model.past import SearchHit
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.dialogs.usage import UsageDialog
from cockpit.ui.screens.agent.screen import AgentScreen
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.screens.search import SearchScreen
from cockpit.ui.widgets.needs_you import sight
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.needs_you.test_strip import take_the_strip
from tests.ui.scene import scene, vm_id
from tests.ui.test_agent_commands import answering
from tests.ui.test_home import cockpit
from tests.ui.test_key_gate import settled

ASKER, DONE = agent_of(vm_id(4)), agent_of(vm_id(5))


class Words(str):
    """A name or a text: its letters are no keys that count."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Does one task after another, each from the home screen, and counts."""

    pilot: Pilot[None]
    home: HomeScreen
    engine: FakeEngine

    async def does(self, most: int, *keys: str, orders: tuple[type, ...] = (), sees: type | None = None) -> None:
        """Press keys; fail where they are too many, or something else comes of them.

        Args:
            most: keys it may take.
            keys: keys and `Words`.
            orders: what is ordered by them.
            sees: the screen that stands there then.
        """
        assert len([key for key in keys if not isinstance(key, Words)]) <= most, keys
        self.engine.ordered.clear()
        for key in keys:
            if key == "exclamation_mark":
                await take_the_strip(self.pilot)
            else:
                await self.pilot.press(*key if isinstance(key, Words) else [key])
            await settled(self.pilot)
        await self.comes(lambda: Counter(map(type, self.engine.ordered)) == Counter(orders), keys)
        if sees is not None:
            await self.comes(lambda: isinstance(self.pilot.app.screen, sees), keys)

    async def comes(self, condition: Callable[[], bool], keys: tuple[str, ...]) -> None:
        """Wait for what has to come of keys."""
        try:
            await until(condition)
        except AssertionError as error:
            raise AssertionError(f"{keys}: {self.engine.ordered}, {self.pilot.app.screen}") from error

    async def home_again(self, agent: VmId) -> None:
        """Go back to the rows, with the cursor on an agent."""
        while self.pilot.app.screen is not self.home:
            await self.pilot.press("escape")
            await settled(self.pilot)
        await self.pilot.press("escape")
        self.home.focus_pane("agents")
        self.home.select(agent_of(agent))
        await settled(self.pilot)

    def done(self, power: Power = Power.RUNNING) -> None:
        """Let all orders come to their end, and the VMs stand as these say."""
        fleet = self.engine.fleet
        receipts = tuple(replace(one, stage=Stage.DONE) for one in fleet.receipts)
        vms = tuple(replace(one, power=power) if one.id == vm_id(5) else one for one in fleet.vms)
        self.engine.change(replace(fleet, receipts=receipts, vms=vms))
        self.home.bridge.flush()


KEPT = KeptCommit(
    "order",
    KeptFor.UNDO,
    KeptState.KEPT,
    NOW + 1,
    "us",
    VmId("gone"),
    "w-old",
    kind="worker",
    commit=CommitId("c1"),
    expires_at=NOW + 3600,
)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, short_pauses: None) -> None:
    """A question counts as read as soon as it is painted."""
    monkeypatch.setattr(sight, "STANDS", 0.0)


@pytest.mark.usefixtures("at_once")
async def test_nine_tasks_that_are_about_the_swarm() -> None:
    engine = scene()
    engine.recorded.hits = [SearchHit(DONE, 1, 1, NOW, "answer", "the changelog", ((4, 13),))]
    async with cockpit(engine) as (pilot, home, _):
        newcomer = Newcomer(pilot, home, engine)
        does, again = newcomer.does, newcomer.home_again
        # 1 Three workers; 2 one task to three agents; 3 the oldest question, from anywhere.
        await does(6, "n", "ctrl+t", Words("a, b, c"), "enter", orders=(Spawn,) * 3)
        await again(vm_id(2))
        await does(4, "shift+down", "shift+down", "i", Words("go on"), "enter", orders=(FollowUp, FollowUp, Prompt))
        await again(vm_id(2))
        await does(2, "exclamation_mark", "1", orders=(Answer,))
        # 4 A task moved and assigned; 5 everything stopped; 6 a word in all that was ever said; 7 what is spent.
        await again(vm_id(2))
        await does(4, "b", "greater_than_sign", "A", Words("lt-web"), "enter", orders=(MoveTask, AssignTask))
        await again(vm_id(2))
        await does(2, "X", "y", orders=(StopAll,))
        await again(vm_id(5))
        await does(3, "S", Words("changelog"), "enter", sees=SearchScreen)
        await again(vm_id(5))
        await does(1, "U", sees=UsageDialog)
        # 8 A no with its reason; 9 who was destroyed is brought back.
        await again(vm_id(5))
        asker = next(one for one in engine.fleet.agents if one.id == ASKER)
        asks = (OpenDialog(DialogRequested("d2", "confirm", "Publish the guide?", ""), NOW - 100),)
        engine.change_agent(replace(asker, activity=replace(asker.activity, dialogs=asks)))
        home.bridge.flush()
        await does(3, "exclamation_mark", "N", Words("too early"), "enter", orders=(Answer, Steer))
        await again(vm_id(5))
        engine.change(replace(engine.fleet, kept=(KEPT,)))
        home.bridge.flush()
        await does(2, "u", "enter", orders=(Undo,))


@pytest.mark.usefixtures("at_once")
async def test_seven_tasks_that_are_about_one_agent() -> None:
    engine = scene()
    answering(DONE, engine)
    async with cockpit(engine) as (pilot, home, _):
        newcomer = Newcomer(pilot, home, engine)
        does, again = newcomer.does, newcomer.home_again
        # 1 What it did; 2 it is frozen and goes on; 3 that is undone.
        await again(vm_id(5))
        await does(1, "enter", sees=AgentScreen)
        await again(vm_id(5))
        await does(1, "z", orders=(Pause,))
        newcomer.done(Power.PAUSED)
        await does(1, "r", orders=(Resume,))
        newcomer.done()
        await does(1, "u", orders=(Pause,))
        # 4 It is kept and 5 copied; 6 another model; 7 its answer for elsewhere; it is ended.
        await does(2, "C", Words("golden"), "enter", orders=(Commit,))
        await again(vm_id(5))
        await does(2, "B", "enter", orders=(Branch,))
        await again(vm_id(5))
        await does(3, "comma", Words("model"), "enter", Words("m1"), "enter", orders=(SetModel,))
        await again(vm_id(1))
        await does(1, "y")
        await newcomer.comes(lambda: "What is left for 1.0" in pilot.app.clipboard, ("y",))
        await again(vm_id(5))
        await does(2, "D", "y", orders=(Destroy,))
