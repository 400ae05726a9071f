"""Which agents a verb about several means: names, or those that a parent, a label or a filter tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cockpit.cli.headless import everybody, learn_parents, only
from cockpit.errors import NotFound, UsageError
from cockpit.model.filters.agents import AGENTS, wanted_agents
from cockpit.model.filters.language import filter_of

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort
    from cockpit.model.fleet import Agent

NAMED = "'"
"""What stands before the name of a filter that is kept."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was typed: names of any agents, else the workers of a parent, with a label, that fit a filter, or all."""

    names: Sequence[str] = ()
    parent: str = ""
    label: str = ""
    everyone: bool = False
    line: str = ""
    """A filter, as it is typed on the screen; workers only."""

    def check(self) -> None:
        """Refuse to mean everybody where nothing was typed.

        Raises:
            UsageError: nobody is named.
        """
        if not (self.names or self.parent or self.label or self.everyone or self.line.strip()):
            hint = "give names, or --parent, --label, --filter, or --all for every worker"
            raise UsageError("nobody is named", hint=hint)
        check_filter(self.line)

    def check_one_way(self) -> None:
        """Refuse names beside what tells workers: the named ones would be meant whatever it tells.

        Raises:
            UsageError: nobody is named, or in both ways.
        """
        self.check()
        if self.names and (self.parent or self.label or self.everyone or self.line):
            raise UsageError("names exclude --parent, --label, --filter and --all", hint="give names alone, or none")

    def attached(self) -> Callable[[Agent], bool]:
        """Return which agents are connected to: the named ones, else all, since who is meant is not known yet."""
        return only(*self.names) if self.names else everybody

    async def looked_up(self, engine: HeadlessPort, seconds: float) -> Chosen:
        """Return the same once it can be told who is meant: a filter goes by what agents do, a kept one has a name.

        Raises:
            NotFound, UsageError: as `filter_named` says.
        """
        if self.parent or self.line:
            await learn_parents(engine, seconds)
        return replace(self, line=await filter_named(engine, self.line))

    def agents(self, engine: HeadlessPort) -> tuple[Agent, ...]:
        """Return those that are meant, each once.

        Raises:
            NotFound, UsageError: there is none, or a name fits nothing, or several.
        """
        if self.names:
            named = {agent.id: agent for agent in map(engine.agent_named, self.names)}
            return tuple(named.values())
        found = self.workers(engine)
        if not found:
            raise NotFound("there is no such worker", hint="`cockpit agents` lists who is here")
        return found

    def workers(self, engine: HeadlessPort) -> tuple[Agent, ...]:
        """Return the workers that parent, label and filter leave.

        Raises:
            NotFound, UsageError: the parent's name fits nothing, or several.
        """
        above = engine.agent_named(self.parent).id if self.parent else None
        wanted = {agent.id for agent in wanted_agents(engine.fleet, self.line, engine.now())}
        from cockpit.model.workers import workers_in

        return tuple(one for one in workers_in(engine.fleet, parent=above, label=self.label) if one.id in wanted)


async def filter_named(engine: HeadlessPort, line: str) -> str:
    """Return a filter as it is typed; one that begins with `'` is the name of one that is kept.

    Raises:
        NotFound: none is called so.
        UsageError: it names a field or a value that there is not.
    """
    if line.startswith(NAMED):
        desk = engine.coordination.desk
        await desk.load()
        found = desk.arrangement.filter_named(line.removeprefix(NAMED))
        if found is None:
            raise NotFound(f"no filter is called {line.removeprefix(NAMED)!r}", hint="`cockpit filters` lists them")
        line = found.line
    check_filter(line)
    return line


def check_filter(line: str) -> None:
    """Refuse a filter in which something means nothing: a screen shows what it leaves, and a verb acts at once.

    Raises:
        UsageError: it names a field or a value that there is not, or asks for nothing behind a field.
    """
    if line.startswith(NAMED):
        return
    asked = filter_of(line, AGENTS)
    if fault := next(iter(asked.faults), "a part of it asks for nothing" if asked.unfinished else ""):
        hint = f"fields: {' '.join(f'{one}:' for one in AGENTS.fields)}"
        raise UsageError(f"--filter {line!r}: {fault}", hint=hint)
