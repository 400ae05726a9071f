"""The words behind `/`: the agent's own, asked for once, those that are done here, and the operator's templates."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.ids import AgentId
from cockpit.model.inquiries import SLASH_COMMANDS, SlashCommand
from cockpit.model.notebook.templates import WORD, Template, filled, values_of
from cockpit.model.slash import DONE_HERE
from cockpit.text.clean import NOTHING, Clean
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.writing.offer import Begun, Offer, Writing
from cockpit.ui.writing.template_files import ReadTemplates, read_templates, template_directory

_BEGUN = re.compile(r"/([\w:.-]*)\Z")


def begun_word(text: str) -> str | None:
    """Return what is written of a word behind `/` so far; None if the text is anything else."""
    found = _BEGUN.match(text)
    return found[1] if found is not None else None


def fitting(needle: str, commands: Sequence[SlashCommand]) -> list[SlashCommand]:
    """Return the commands that a beginning fits: one that is written whole first, then those that begin with it."""
    wanted = needle.lower()
    begin = [one for one in commands if one.name.lower().startswith(wanted)]
    begin.sort(key=lambda one: one.name != needle)
    return begin + [one for one in commands if wanted in one.name.lower() and one not in begin]


class SlashWords:
    """Implements `cockpit.ui.writing.offer.Choosable`."""

    def __init__(self, engine: CockpitPort, directory: Callable[[], Path] = template_directory) -> None:
        """Prepare.

        Args:
            engine: knows the agents.
            directory: returns where the operator's templates are.
        """
        self._engine = engine
        self._directory = directory
        self._read = ReadTemplates()
        self._asked: dict[AgentId, asyncio.Task[bool]] = {}

    async def renew(self) -> None:
        """Read the templates: somebody may have written one."""
        self._read = await asyncio.to_thread(read_templates, self._directory())

    def begun(self, writing: Writing) -> Begun | None:
        """A word stands alone in the text."""
        needle = begun_word(writing.before) if writing.alone else None
        return Begun(0, needle) if needle is not None else None

    def offers(self, agent: AgentId, needle: str) -> list[Offer]:
        """Return the words that fit."""
        known = self._engine.inquiries.known_commands(agent) or ()
        names = {one.name for one in known}
        words = (word for word in self._engine.inquiries.own_words(agent) if word in DONE_HERE)
        here = tuple(SlashCommand(word, DONE_HERE[word]) for word in words if word not in names)
        own = {WORD + one.name: one for one in self._read.templates}
        told = tuple(SlashCommand(name, one.heading) for name, one in own.items())
        return [
            self._template(own[one.name], agent)
            if one.name in own
            else Offer(
                our_line("/{}", one.name), f"/{one.name} ", clean_line(one.description), is_whole=one.name == needle
            )
            for one in fitting(needle, (*known, *here, *told))
        ]

    def _template(self, template: Template, agent: AgentId) -> Offer:
        """Return a template with an agent's values in it."""
        fleet = self._engine.fleet
        known = fleet.agent(agent)
        text = filled(template.text, values_of(known, fleet.tasks)) if known is not None else template.text
        return Offer(our_line("/{}{}", WORD, template.name), text, clean_line(template.heading))

    async def learn(self, agent: AgentId, needle: str) -> bool:
        """Ask the agent for its words, once: it answers what was asked also where writing went on."""
        if self._engine.inquiries.known_commands(agent) is not None:
            return False
        if agent not in self._asked:
            self._asked[agent] = asyncio.create_task(self._ask(agent), name="ask for slash commands")
        return await asyncio.shield(self._asked[agent])

    async def _ask(self, agent: AgentId) -> bool:
        try:
            await self._engine.inquiries.ask(agent, SLASH_COMMANDS)
        except CockpitError:
            # What is done here can be chosen all the same, and the next `/` asks again.
            return False
        finally:
            del self._asked[agent]
        return True

    def trouble(self, agent: AgentId) -> Clean:
        """Say which templates cannot be read; what is done here can be chosen whatever the agent says."""
        return clean_line(self._read.problems[0]) if self._read.problems else NOTHING
