"""The verb that lists what the operator wrote to agents: the drafts, and the texts that were sent from the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody
from cockpit.cli.shared import clock_text
from cockpit.model.fleet import Fleet
from cockpit.model.notebook.port import NotebookPort

DRAFT = "draft"
SENT = "sent"


@dataclass(frozen=True, slots=True)
class WrittenText:
    """One text."""

    state: str
    """`draft` or `sent`."""
    name: str
    """The agent's; its id if it is gone."""
    text: str
    at: float
    """When it was sent, unix seconds; 0 for a draft."""


def written_to(notebook: NotebookPort, fleet: Fleet, agent: str = "", words: str = "") -> Iterator[WrittenText]:
    """Yield drafts, then what was sent, the newest first.

    Args:
        notebook: what is kept.
        fleet: knows how agents are called.
        agent: only what was written to the one with this id; empty for all.
        words: only texts that hold all of these words, whatever the case.
    """
    wanted = words.casefold().split()

    def fits(text: str) -> bool:
        return all(word in text.casefold() for word in wanted)

    names = {one.id: one.name for one in fleet.agents}
    for one in fleet.agents:
        text = notebook.draft(one.id).text
        if text and agent in ("", one.id) and fits(text):
            yield WrittenText(DRAFT, one.name, text, 0.0)
    for sent in notebook.all_sent():
        if agent in ("", sent.agent) and fits(sent.text):
            yield WrittenText(SENT, names.get(sent.agent, sent.agent), sent.text, sent.at)


async def written(headless: Headless, name: str, words: str, limit: int, as_json: bool) -> int:
    """Print what was written; nothing is no failure."""
    async with headless.engine(nobody) as engine:
        agent = engine.agent_named(name).id if name else ""
        found = list(written_to(engine.notebook, engine.fleet, agent, words))[:limit]
        if as_json:
            output.print_json(
                [{"state": one.state, "agent": one.name, "text": one.text, "at": one.at or None} for one in found]
            )
        else:
            rows = [(clock_text(one.at), one.state, one.name, one.text) for one in found]
            output.print_table(("WHEN", "STATE", "AGENT", "TEXT"), rows)
    return ExitCode.DONE
