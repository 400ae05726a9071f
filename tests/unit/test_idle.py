"""A pilot waits for all that is left to do, also where hardly any of it is the processor's work."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

STEPS = 40


class Slow(App[None]):
    """A key starts steps that follow each other; each takes time, as on a machine that is busy with something else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "begin")]

    def __init__(self) -> None:
        super().__init__()
        self.done = 0

    def action_begin(self) -> None:
        self.step()

    def step(self) -> None:
        time.sleep(0.005)  # takes time and none of the processor's: what is tested
        self.done += 1
        if self.done < STEPS:
            asyncio.get_running_loop().call_soon(self.step)


async def test_a_pause_ends_with_the_last_step() -> None:
    app = Slow()
    async with app.run_test() as pilot:
        await pilot.press("a")
        assert app.done == STEPS
