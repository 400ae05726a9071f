"""Into a VM from the screen: a command as it runs, and the ports with their keys; hostile names are inert."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.dom import DOMNode

from cockpit.model.commands.ports import EndForward, OpenBridge, OpenForward
from cockpit.model.fleet import Power
from cockpit.model.ports import ListeningPort, PortForward, Ports
from cockpit.model.receipts.receipt import Stage
from cockpit.model.refusals.grounds import Facilities
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.ports import PortsDialog
from cockpit.ui.dialogs.run import MOST_LINES, RunDialog, Said
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications
from tests.ui.test_hostile import drawn

HERE = vm_id(1)


def shown(dialog: DOMNode, name: str) -> str:
    return dialog.query_one(f"#{name}", Plain).visual.plain  # type: ignore[attr-defined,no-any-return]


async def test_a_command_is_shown_as_it_runs_interrupted_and_ended(tmp_path: Path) -> None:
    async with cockpit() as (pilot, _, engine):
        await pilot.press("E", *"make test", "tab", *str(tmp_path / "all"), "enter")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, RunDialog)
        (command,) = engine.reach.commands
        assert command.words[-1] == "make test"
        command.heard(b"plain \x1b]0;evil\x07\n", False)
        command.heard(b"\xff half", True)
        await pilot.press("ctrl+c", "ctrl+c", "ctrl+c")
        await until(lambda: "half" in shown(dialog, "text") and len(command.signals) == 3)
        assert command.signals == ["INT", "INT", "KILL"]
        text = shown(dialog, "text")
        assert "plain" in text and "\x1b" not in text and "\\xff half" in text
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is dialog and any("still runs" in said for said in notifications(pilot))
        command.stands_still.put_nowait("the VM is \x1b[2Jpaused")
        await until(lambda: "the VM is" in shown(dialog, "state") and "paused" in shown(dialog, "state"))
        assert "\x1b" not in shown(dialog, "state")
        command.stands_still.put_nowait("")
        await until(lambda: "paused" not in shown(dialog, "state"))
        command.end_with.set_result(3)
        await until(lambda: "exit 3" in shown(dialog, "state") and command.closed)
        assert not command.ended_by_us
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is not dialog
        assert (tmp_path / "all").read_bytes() == b"plain \x1b]0;evil\x07\n\xff half", "the file has it as it came"
        await pilot.press("E", *"sleep 9", "enter")
        await pilot.pause()
        await pilot.press("escape", "escape")
        await until(lambda: engine.reach.commands[1].ended_by_us and engine.reach.commands[1].closed)


def test_what_is_held_of_an_output_is_bounded() -> None:
    said = Said()
    for at in range(3 * MOST_LINES):
        said.take(b"line %d\n" % at, False)
    said.take(b"x" * 1_000_000, True)
    text = said.content().plain
    assert f"… {2 * MOST_LINES} earlier lines" in text and f"line {3 * MOST_LINES - 1}\n" in text
    assert len(text) < 20 * MOST_LINES and said.size > 1_000_000


def last(engine: FakeEngine) -> object:
    return engine.ordered[-1]


def listening(engine: FakeEngine) -> None:
    listeners = (
        ListeningPort(80, ("0.0.0.0",), "evil\x1b[2J", 7),
        ListeningPort(3000, ("::",), "node", 8),
        ListeningPort(5000, ("127.0.0.1",), "python3", 9),
    )
    engine.reach.listening[HERE] = Ports(HERE, listeners, "vm.example", (80, 3000))
    engine.facilities = replace(engine.facilities, routed_ports=(80, 3000))


async def test_a_port_is_forwarded_copied_ended_and_bridged_by_one_key_each() -> None:
    engine = scene()
    assert isinstance(engine.facilities, Facilities)
    listening(engine)
    async with cockpit(engine) as (pilot, _, _engine):
        await pilot.press("P")
        await until(lambda: "python3" in drawn(pilot.app))
        dialog = pilot.app.screen
        assert isinstance(dialog, PortsDialog)
        rows = dialog.query_one(RowList)
        assert [row.key for row in rows.rows] == ["80", "3000", "5000"]
        assert not any("\x1b" in row.content.plain for row in rows.rows)
        assert "IPv4 alone" in shown(dialog, "about")
        await pilot.press("down")
        await until(lambda: "open to everybody at https://vm.example:3000" in shown(dialog, "about"))
        await pilot.press("enter")
        await until(lambda: bool(engine.ordered))
        assert engine.ordered == [OpenForward(HERE, 3000)]
        row = PortForward(HERE, "atlas", 3000, 40000, trouble="the VM is paused")
        receipts = tuple(replace(one, stage=Stage.DONE) for one in engine.fleet.receipts)
        engine.change(replace(engine.fleet, receipts=receipts, forwards=(row,)))
        await until(lambda: pilot.app.clipboard == "127.0.0.1:40000" and "the VM is paused" in shown(dialog, "about"))
        assert "→ 127.0.0.1:40000" in rows.rows[1].content.plain
        await pilot.press("D")
        await until(lambda: last(engine) == EndForward(HERE, 40000))
        await pilot.press("up", "b")
        await until(lambda: isinstance(pilot.app.screen, ConfirmDialog))
        assert last(engine) == EndForward(HERE, 40000), "what opens a port to everybody asks first"
        assert str(pilot.app.screen.query_one("#frame").border_title) == "[bold]Bridge[/bold]"
        await pilot.press("y")
        await until(lambda: last(engine) == OpenBridge(HERE, 80))
        await pilot.press("down", "down", "b")
        await until(lambda: any("routes no port 5000" in said for said in notifications(pilot)))


async def test_a_paused_vm_gives_its_reason_and_nobody_looks_at_a_vm_that_cannot_be_looked_at() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _engine):
        await pilot.press("P")
        await until(lambda: "the test lets nobody look" in drawn(pilot.app))
        await pilot.press("escape")
        await pilot.pause()
        looks = engine.reach.looks
        vms = tuple(replace(vm, power=Power.PAUSED) if vm.id == HERE else vm for vm in engine.fleet.vms)
        engine.change(replace(engine.fleet, vms=vms))
        home.bridge.flush()
        for key in ("dollar_sign", "E", "P"):
            await pilot.press(key)
        await until(lambda: sum("resume it first" in said for said in notifications(pilot)) >= 3)
        assert engine.reach.commands == [] and engine.reach.looks == looks > 0
