"""The baselines of `bench_screen`: a Textual application with one input, and one that draws a text that grows."""

from __future__ import annotations

import itertools

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from tests.bench.screen_load import STEP, WORDS


class Hello(App[None]):
    """One input."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="ready")


class Text(Hello):
    """A text that grows, as an answer does."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="ready")
        yield Static("", id="text")

    def on_mount(self) -> None:
        words = itertools.cycle(WORDS)
        said: list[str] = []

        def step() -> None:
            said.append(next(words))
            self.query_one(Static).update(" ".join(said[-600:]))

        self.set_interval(STEP, step)
