"""How an agent is asked and told from the screen: a list to choose from, a form, a text to read, an order at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.conversation import (
    ConversationCommand,
)
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.inquiries import (
    STATE,
    AgentSetup,
    Question,
)
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Handler, Reason, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT
from cockpit.ui.dialogs import told
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.live import LivePick, LiveText

NOTHING_FITS = ours("Nothing fits.")
ANY = "…"
"""Stands for what is chosen only later."""


def asking(question: Question[Any]) -> Reason:
    """Ask the engine whether the selected agent can be asked a question."""

    def reason(situation: Situation) -> str:
        agent = situation.agent
        return NO_AGENT if agent is None else situation.engine.inquiries.reason(agent.id, question)

    return reason


def pick(
    home: HomePort,
    agent: Agent,
    title: Clean,
    load: Callable[[], Awaitable[Any]],
    rows: Callable[[Any, int], told.Rows],
    chosen: Callable[[str], ConversationCommand],
    said: Callable[[str], Clean],
) -> None:
    """Let one of what an agent tells be chosen, and order it; the target is the agent that was selected."""

    def finish(key: str | None) -> None:
        if key is None:
            return
        if home.read_only:
            home.warn(ours("the cockpit is read-only"), title=title)
        else:
            home.promise(home.command(chosen(key)), said(key))

    def listed(loaded: Any, width: int) -> told.Rows:
        return rows(loaded, width) if loaded is not None else []

    home.open_dialog(LivePick(our_line("{} of {}", title, agent.name), load, listed, NOTHING_FITS), finish)


async def with_state(engine: CockpitPort, agent: AgentId, asked: Awaitable[Any]) -> tuple[Any, AgentSetup]:
    return await asked, await engine.inquiries.ask(agent, STATE)


def choose(
    title: Clean,
    words: tuple[tuple[str, str], ...],
    current: Callable[[AgentSetup], str],
    build: Callable[[AgentId, str], ConversationCommand],
) -> Handler:
    """Return a handler that lets one of a few words be chosen, with the present one marked."""

    def handler(home: HomePort) -> None:
        agent = home.agent
        if agent is None:
            return
        engine, target = home.engine, agent.id
        pick(
            home,
            agent,
            title,
            lambda: engine.inquiries.ask(target, STATE),
            lambda state, width: told.word_rows(words, current(state)),
            lambda key: build(target, key),
            lambda key: our_line("{} of {}: {}", title, agent.name, key),
        )

    return handler


def form(
    title: Clean,
    fields: Callable[[HomePort, Agent], tuple[Field, ...]],
    build: Callable[[Agent, Values], ConversationCommand],
    said: Callable[[Agent, Values], Clean],
    intro: Callable[[Agent], Clean],
) -> Handler:
    """Return a handler that asks for words and orders with them; the engine says what is wrong with them."""

    def handler(home: HomePort) -> None:
        agent = home.agent
        if agent is None:
            return
        target = agent

        def finish(values: Values | None) -> None:
            if values is not None:
                home.promise(home.command(build(target, values)), said(target, values))

        def check(values: Values) -> str:
            return home.engine.disabled_reason(build(target, values))

        home.open_dialog(FormDialog(title, fields(home, target), check, intro=intro(target)), finish)

    return handler


def at_once(build: Callable[[AgentId], ConversationCommand], said: Callable[[Agent], Clean]) -> Handler:
    """Return a handler that orders at once."""

    def handler(home: HomePort) -> None:
        agent = home.agent
        if agent is not None:
            home.promise(home.command(build(agent.id)), said(agent))

    return handler


def reading(title: Clean, question: Question[Any], draw: Callable[[Any], Content]) -> Handler:
    """Return a handler that shows what an agent answers."""

    def handler(home: HomePort) -> None:
        agent = home.agent
        if agent is None:
            return
        engine, target = home.engine, agent.id

        async def load() -> Content:
            return draw(await engine.inquiries.ask(target, question))

        home.open_dialog(LiveText(our_line("{} of {}", title, agent.name), load))

    return handler


def palette_action(
    id: str, label: str, description: str, handler: Handler, reason: Reason, *, writes: bool = True
) -> Action:
    return Action(id, "", label, "Talk", description, handler, reason, writes=writes)
