"""The VM of the services from the palette: with the size that is asked for, and not where there are services."""

from __future__ import annotations

from textual.widgets import Input

from cockpit.model.commands.command import Command
from cockpit.model.platform import InfraServer, MakeInfra
from cockpit.model.refusals.grounds import Facilities, Refusal, RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.model.size import VmSize
from cockpit.ui.actions.registry import BY_ID
from cockpit.ui.widgets.choice_field import ChoiceField
from tests.ui.scene import scene
from tests.ui.test_home import cockpit


async def test_it_is_made_with_the_size_that_is_asked_for() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.action_act("vm.infra")
        await pilot.pause()
        await pilot.pause()
        field = pilot.app.screen.query_one("#size", Input)
        for size, ordered in (("much", []), ("1/1024/4096", [MakeInfra(VmSize(1, 1024, 4096))])):
            field.value = size
            await pilot.press("enter")
            await pilot.pause()
            expected: list[Command] = list(ordered)
            assert engine.ordered == expected
        home.action_act("vm.infra")
        await pilot.pause()
        await pilot.pause()
        pilot.app.screen.query_one("#server", ChoiceField).action_turn(1)
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered[1:] == [MakeInfra(VmSize(), server=InfraServer.PUBLISHED)]
    assert BY_ID["vm.infra"].writes


def test_where_services_are_none_are_made() -> None:
    fleet = scene().fleet
    there = Refusal(RefusalCode.ALREADY, "they are at https://infra.test")
    assert refusal(MakeInfra(), fleet, Facilities(no_infra=there)) == there
    assert refusal(MakeInfra(), fleet, Facilities()) is None
    small = refusal(MakeInfra(VmSize(0, 1, 1)), fleet, Facilities())
    assert small is not None and small.code is RefusalCode.BAD_SIZE
