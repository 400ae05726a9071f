"""One line makes agents: with the last values, and what was made is what one looks at then."""

from __future__ import annotations

from dataclasses import replace

from textual import events

from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import VmId, agent_of
from cockpit.model.notebook.pitfalls import INLINE_FILE
from cockpit.ui.dialogs.spawn.form import SpawnDialog
from cockpit.ui.dialogs.spawn.line import SpawnLineDialog
from tests.remote.waiting import until
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import scene
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn


async def test_three_workers_are_six_keys_beside_their_names(short_pauses: None) -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "ctrl+t", *"a1,b2,c3", "enter")
        assert [(order.name, order.kind) for order in engine.ordered if isinstance(order, Spawn)] == [
            (name, AgentKind.WORKER) for name in ("a1", "b2", "c3")
        ]
        await pilot.press("escape", "n")
        await pilot.pause()
        assert "worker: does one task" in drawn(pilot.app), "it is the kind that was chosen last"
        await pilot.press(*"w*2: fix it", "enter")
        last = [order for order in engine.ordered if isinstance(order, Spawn)][-2:]
        assert [(order.name, order.task) for order in last] == [("w-1", "fix it"), ("w-2", "fix it")]


async def test_what_was_made_is_selected_and_what_failed_can_be_mended(short_pauses: None) -> None:
    engine = scene()
    other = engine.fleet.agents[-1]
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("n", *"ada: begin", "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, SpawnLineDialog)
        (operation,) = dialog.operations()
        broken = replace(operation, ended_at=engine.now(), error="no VM")
        engine.change(replace(engine.fleet, operations=(broken,)))
        dialog.flush_steps()
        await pilot.pause()
        assert "edit and try again" in drawn(pilot.app)
        await pilot.press("ctrl+r", "end", "x", "enter")
        assert isinstance(engine.ordered[-1], Spawn) and engine.ordered[-1].task == "beginx"
        (operation,) = dialog.operations()
        engine.change(replace(engine.fleet, operations=(replace(operation, ended_at=engine.now(), agent=other.id),)))
        dialog.flush_steps()
        await pilot.pause()
        await pilot.pause()
        assert pilot.app.screen is home and home.selected == other.id
        assert agent_of(VmId(other.vm_id)) == other.id


async def test_a_faulty_line_stays_and_a_list_goes_to_the_form(short_pauses: None) -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "enter")
        await pilot.pause()
        assert "an agent needs a name" in drawn(pilot.app)
        dialog = pilot.app.screen
        assert isinstance(dialog, SpawnLineDialog)
        dialog.query_one("#names").value = HOSTILE.replace(":", "")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        shown = drawn(pilot.app)
        assert not [character for character in FORBIDDEN if character in shown] and engine.ordered == []
        dialog.query_one("#names").value = "w: ```" + "x = 1;" * 800  # type: ignore[attr-defined]
        await until(lambda: INLINE_FILE.split(":")[0] in drawn(pilot.app))
        dialog.query_one("#names").value = "w"  # type: ignore[attr-defined]
        pilot.app.post_message(events.Paste("one thing\ranother\r"))
        await pilot.pause()
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, SpawnDialog)
        values = form.values()
        assert (values["kind"], values["name"], values["tasks"]) == ("worker", "w", "one thing\nanother")
        form.query_one("#tasks").text = "```\n" + "x = 1\n" * 80 + "```"  # type: ignore[attr-defined]
        await until(lambda: INLINE_FILE.split(":")[0] in drawn(pilot.app))
        form.query_one("#tasks").text = "one thing\nanother"  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [order.task for order in engine.ordered if isinstance(order, Spawn)] == ["one thing", "another"]


async def test_where_they_are_made_is_said_and_turned(short_pauses: None) -> None:
    engine = scene()
    engine.change(replace(engine.fleet, sources=("embedded", "alpha"), plain=frozenset({"alpha"})))
    async with cockpit(engine) as (pilot, _home, _):
        await pilot.press("n", "ctrl+o", *"ada")
        await until(lambda: "a home of its own in alpha" in drawn(pilot.app))
        await pilot.press("ctrl+o")
        await until(lambda: "in embedded" in drawn(pilot.app))
        await pilot.press("ctrl+o", "enter")
        await until(lambda: any(isinstance(order, Spawn) for order in engine.ordered))
        (order,) = [order for order in engine.ordered if isinstance(order, Spawn)]
        assert (order.name, order.source) == ("ada", "alpha")
