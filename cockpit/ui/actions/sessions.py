"""The conversation the selected agent is in: another one, its name, forks and copies, what was said, a file of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.model.commands.conversation import (
    CloneSession,
    ExportPage,
    ForkSession,
    NameSession,
    NewSession,
    SwitchSession,
)
from cockpit.model.inquiries import (
    FORK_POINTS,
    LAST_ANSWER,
    MESSAGES,
    STATE,
    TREE,
)
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.actions.action import Action, Reason
from cockpit.ui.actions.asking import (
    ANY,
    asking,
    at_once,
    form,
    palette_action,
    pick,
    reading,
    with_state,
)
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import agent_command
from cockpit.ui.dialogs import told
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.choice_field import Choice


def _switch(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id
    pick(
        home,
        agent,
        ours("Sessions"),
        lambda: with_state(engine, target, engine.inquiries.sessions(target)),
        lambda loaded, width: told.session_rows(loaded[0], loaded[1].session_file, engine.now(), width),
        lambda key: SwitchSession(target, key),
        lambda key: our_line("{} goes on with that session", agent.name),
    )


def _fork(home: HomePort) -> None:
    """Fork before a message of the user, which comes into the composer to be said otherwise."""
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id
    texts: dict[str, str] = {}

    def rows(points: Any, width: int) -> told.Rows:
        texts.update((point.entry, point.text) for point in points)
        return told.fork_rows(points, width)

    def chosen(key: str) -> ForkSession:
        if home.composer.recipient == target and not home.composer.holds_text:
            home.composer.put(texts.get(key, ""))
        return ForkSession(target, key)

    pick(
        home,
        agent,
        ours("Fork before a message"),
        lambda: engine.inquiries.ask(target, FORK_POINTS),
        rows,
        chosen,
        lambda key: our_line("{} is as it was before that message", agent.name),
    )


def _answer_text(text: str) -> Content:
    said = clean_text(text) if text else ours("It has answered nothing in this session.")
    return content([(said, "" if text else "$muted")])


def _export(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id

    def check(values: Values) -> str:
        path = Path(values["to"]).expanduser()
        return "" if values["to"].strip() and path.parent.is_dir() else f"there is no directory {path.parent}"

    async def bring(form: str, to: Path) -> None:
        try:
            where = await engine.inquiries.export(target, form, to)
        except CockpitError as error:
            home.warn(clean_line(str(error)), title=ours("Not exported"))
        else:
            home.warn(clean_line(where), title=ours("Exported"))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.app.run_worker(bring(values["form"], Path(values["to"]).expanduser().absolute()), name="export")

    # The page is written by the agent, on its VM.
    locked = "the cockpit is read-only" if home.read_only else ""
    forms = tuple(Choice(form, words, locked if form == "html" else "") for form, words in _FORMS)
    fields = (
        Field("form", ours("format"), "choice", "markdown" if home.read_only else "html", choices=forms),
        Field("to", ours("file here"), value=f"{agent.name}-session.{'md' if home.read_only else 'html'}"),
    )
    intro = our_line("The conversation of {}, into a file on this machine", agent.name)
    home.open_dialog(FormDialog(ours("Export"), fields, check, intro=intro), finish)


_FORMS = (("html", ours("a page, HTML")), ("markdown", ours("Markdown")), ("jsonl", ours("its lines, JSON")))


def _seen(looks: Reason, acts: Reason) -> Reason:
    """Ask only what looking needs where the cockpit is read-only."""
    return lambda situation: looks(situation) if situation.read_only else acts(situation)


ACTIONS: tuple[Action, ...] = (
    palette_action(
        "session.new",
        "new session",
        "Begin another conversation; this one stays saved",
        at_once(NewSession, lambda agent: our_line("{} begins a new conversation", agent.name)),
        agent_command(NewSession),
    ),
    palette_action(
        "session.switch",
        "switch session",
        "Go on with a saved conversation",
        _switch,
        _seen(asking(STATE), agent_command(lambda agent: SwitchSession(agent, ANY))),
        writes=False,
    ),
    palette_action(
        "session.name",
        "name session",
        "Give the conversation a name",
        form(
            ours("Name session"),
            lambda home, agent: (Field("name", ours("name"), value=agent.conversation.name),),
            lambda agent, values: NameSession(agent.id, values["name"]),
            lambda agent, values: our_line("the conversation of {} is called {}", agent.name, values["name"]),
            lambda agent: our_line("The conversation {} is in", agent.name),
        ),
        agent_command(lambda agent: NameSession(agent, ANY)),
    ),
    palette_action(
        "session.fork",
        "fork session",
        "Begin anew before one of your messages",
        _fork,
        agent_command(lambda agent: ForkSession(agent, ANY)),
    ),
    palette_action(
        "session.clone",
        "clone session",
        "Go on in a copy of the conversation",
        at_once(CloneSession, lambda agent: our_line("{} is in a copy of its conversation", agent.name)),
        agent_command(CloneSession),
    ),
    palette_action(
        "session.messages",
        "messages",
        "Read what stands in its context",
        reading(ours("Messages"), MESSAGES, told.messages_text),
        asking(MESSAGES),
        writes=False,
    ),
    palette_action(
        "session.tree",
        "tree",
        "See how the conversation branches",
        reading(ours("Tree"), TREE, told.tree_text),
        asking(TREE),
        writes=False,
    ),
    palette_action(
        "session.answer",
        "last answer",
        "Read its last answer in this session",
        reading(ours("Last answer"), LAST_ANSWER, _answer_text),
        asking(LAST_ANSWER),
        writes=False,
    ),
    palette_action(
        "session.export",
        "export session",
        "Bring the conversation into a file here",
        _export,
        _seen(asking(MESSAGES), agent_command(lambda agent: ExportPage(agent, ANY))),
        writes=False,
    ),
)
