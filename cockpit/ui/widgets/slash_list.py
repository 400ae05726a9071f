"""The words behind `/` that fit what is being written: the agent's own, asked for once, and those done here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.reactive import reactive

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.ids import AgentId
from cockpit.model.inquiries import SLASH_COMMANDS, SlashCommand
from cockpit.model.slash import DONE_HERE
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, fit
from cockpit.ui.widgets.plain import Plain

MOST_ROWS = 6
"""Words that are shown at a time."""

NAME_CELLS = 22

_BEGUN = re.compile(r"/([\w:.-]*)\Z")


def begun_word(text: str) -> str | None:
    """Return what is written of a word behind `/` so far; None if the text is anything else."""
    found = _BEGUN.match(text)
    return found[1] if found is not None else None


def fitting(needle: str, commands: Sequence[SlashCommand]) -> list[SlashCommand]:
    """Return the commands that a beginning fits, those that begin with it first."""
    wanted = needle.lower()
    begin = [one for one in commands if one.name.lower().startswith(wanted)]
    return begin + [one for one in commands if wanted in one.name.lower() and one not in begin]


class SlashList(Plain):
    """A few rows above the composer, which keeps the keys."""

    DEFAULT_CSS = """
    SlashList { display: none; height: auto; max-height: 6; padding: 0 1; }
    SlashList.-open { display: block; }
    """

    shown: reactive[bool] = reactive(False, toggle_class="-open", layout=True)
    """Whether there is something to choose from."""

    def __init__(self, engine: CockpitPort, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._engine = engine
        self._agent: AgentId | None = None
        self._needle = ""
        self._fitting: list[SlashCommand] = []
        self._at = 0
        self._asked: set[AgentId] = set()

    def look(self, agent: AgentId | None, text: str) -> None:
        """Show what fits a text for an agent; what the agent has is asked for with its first `/`."""
        needle = begun_word(text)
        if agent is None or needle is None:
            self.shown = False
            return
        if (agent, needle) != (self._agent, self._needle):
            self._at = 0
        self._agent, self._needle = agent, needle
        if self._engine.inquiries.known_commands(agent) is None and agent not in self._asked:
            self._asked.add(agent)
            self.run_worker(self._ask(agent), name="ask for slash commands")
        self._fill()

    async def _ask(self, agent: AgentId) -> None:
        try:
            await self._engine.inquiries.ask(agent, SLASH_COMMANDS)
        except CockpitError:
            # What is done here can be chosen all the same, and the next `/` asks again.
            pass
        self._asked.discard(agent)
        if self.shown and agent == self._agent:
            self._fill()

    def _fill(self) -> None:
        assert self._agent is not None
        known = self._engine.inquiries.known_commands(self._agent) or ()
        names = {one.name for one in known}
        words = (word for word in self._engine.inquiries.own_words(self._agent) if word in DONE_HERE)
        here = tuple(SlashCommand(word, DONE_HERE[word]) for word in words if word not in names)
        self._fitting = fitting(self._needle, (*known, *here))
        self._at = min(self._at, max(0, len(self._fitting) - 1))
        self.shown = bool(self._fitting)
        self._draw()

    def _draw(self) -> None:
        # Before it was laid out it has no width of its own.
        width = max(20, (self.size.width or self.screen.size.width) - 2)
        first = max(0, min(self._at - MOST_ROWS + 1, len(self._fitting) - MOST_ROWS))
        lines = []
        for number, one in enumerate(self._fitting[first : first + MOST_ROWS], first):
            chosen = number == self._at
            row: list[Piece] = [
                (ours("▸ ") if chosen else ours("  "), "$accent"),
                (fit(our_line("/{}", one.name), NAME_CELLS), "bold" if chosen else ""),
                (cut(our_line(" {}", clean_line(one.description)), width - NAME_CELLS - 2), "$muted"),
            ]
            lines.append(content(row))
        self.show(content([(ours("\n"), "")]).join(lines) if lines else NOTHING, layout=True)

    def move(self, step: int) -> None:
        """Choose the next or the previous word."""
        if self._fitting:
            self._at = (self._at + step) % len(self._fitting)
            self._draw()

    def chosen(self) -> str:
        """Return the chosen word, empty where none is shown."""
        return self._fitting[self._at].name if self.shown and self._fitting else ""

    def is_whole(self) -> bool:
        """Say whether what is written is one of the words already."""
        return any(one.name == self._needle for one in self._fitting)
