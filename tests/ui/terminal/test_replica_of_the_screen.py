"""The cockpit's own frames: after dialogs, notices, sizes, themes and streams a terminal shows what was composed."""

from __future__ import annotations

import random

import pytest
from rich.color import ColorSystem
from textual._compositor import Compositor, CompositorUpdate
from textual.pilot import Pilot

from cockpit.model import events as ev
from cockpit.model.ids import agent_of
from cockpit.text.clean import ours
from cockpit.ui.app import CockpitApp
from cockpit.ui.terminal.replica import Replica
from cockpit.ui.widgets.notice import notice
from tests.emulator import Emulator
from tests.ui.scene import scene, vm_id
from tests.ui.terminal.test_replica import assert_same, painted

KEYS = (*"jk412ZpnIwx", "question_mark", "escape", "escape", "down", "end", "tab", "slash")
MOST_PAUSES = 50
SIZES = ((100, 30), (80, 24), (60, 20), (161, 41))


def by_the_framework(compositor: Compositor) -> Compositor:
    """Return a compositor of Textual's own for the same widgets."""
    own = Compositor()
    own.__dict__.update(compositor.__dict__)
    return own


async def assert_shown(pilot: Pilot[None], terminal: Emulator, replica: Replica) -> None:
    """Assert that a terminal comes to show what is composed: a widget may be changed and not painted for a moment."""
    for _ in range(MOST_PAUSES):
        terminal.feed(replica.difference())
        wanted = painted(*pilot.app.size, by_the_framework(pilot.app.screen._compositor).render_strips(), (0, 0))
        if terminal.cells() == wanted.cells():
            return
        await pilot.pause()
    assert_same(terminal, wanted)


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_is_done_the_terminal_shows_what_was_composed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    replica = Replica()
    replica.enter()
    original = CockpitApp._display

    def display(self: CockpitApp, screen: object, renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            replica.note(renderable, (0, 0), colours=ColorSystem.TRUECOLOR)
        original(self, screen, renderable)  # type: ignore[arg-type]

    monkeypatch.setattr(CockpitApp, "_display", display)
    engine = scene()
    app = CockpitApp(engine)
    async with app.run_test(size=SIZES[0]) as pilot:
        terminal = Emulator(*SIZES[0])
        for step in range(40):
            what = chance.random()
            if what < 0.6:
                await pilot.press(chance.choice(KEYS))
            elif what < 0.7:
                size = chance.choice(SIZES)
                await pilot.resize_terminal(*size)
                terminal.resize(*size)
            elif what < 0.8:
                notice(app, ours("something to say"), timeout=chance.choice((0.01, 60)))
            elif what < 0.85:
                app.theme = chance.choice([name for name in app.own_themes if name != "ansi"])  # drawn reversed there
            else:
                engine.say(agent_of(vm_id(1)), ev.TextDelta(0, f" word{step} 世界\n"), at=engine.clock)
            await pilot.pause()
            if chance.random() < 0.7:  # else the terminal does not read
                await assert_shown(pilot, terminal, replica)
        await assert_shown(pilot, terminal, replica)
