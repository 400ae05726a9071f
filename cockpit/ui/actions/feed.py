"""The feed: an event read, its agent gone to, one published, what the server counts."""

from __future__ import annotations

from collections import Counter

from textual.content import Content

from cockpit.model.board import FeedItem
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.news.port import EVENT_KINDS
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.live import LiveText
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import content, fit
from cockpit.ui.look.events import event_look, event_text, statistics_text
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.row_list import Row


def _needs_event(situation: Situation) -> str:
    return "" if situation.event is not None else "no event is selected"


def _event(home: HomePort) -> FeedItem | None:
    return home.selected_event()


def _open(home: HomePort) -> None:
    item = _event(home)
    if item is not None:
        title = next((task.title for task in home.fleet.tasks if task.id == item.task), "")
        home.open_dialog(TextDialog(ours("Event"), event_text(item, title, home.engine.now()), classes="wide"))


def _can_go(situation: Situation) -> str:
    if situation.event is None:
        return "no event is selected"
    name = situation.event.agent
    return "" if any(agent.name == name for agent in situation.fleet.agents) else f"{name} is no agent of this fleet"


def _go_to_agent(home: HomePort) -> None:
    item = _event(home)
    agent = next((agent for agent in home.fleet.agents if item is not None and agent.name == item.agent), None)
    if agent is not None:
        home.go_to(f"agent:{agent.id}")


def _publish(home: HomePort) -> None:
    def command(values: Values) -> PublishEvent:
        return PublishEvent(values["kind"], values["summary"], values["detail"])

    def finish(values: Values | None) -> None:
        if values is not None:
            home.promise(home.command(command(values)), ours("published"))

    kinds = tuple(Choice(kind, our_line("{} {}", event_look(kind).glyph, kind)) for kind in EVENT_KINDS)
    fields = (
        Field("kind", ours("type"), "choice", value="custom", choices=kinds),
        Field("summary", ours("summary"), placeholder=ours("what happened")),
        Field("detail", ours("details"), "area", placeholder=ours("may be empty"), for_agents=True),
    )
    form = FormDialog(ours("Publish"), fields, lambda values: home.engine.disabled_reason(command(values)))
    home.open_dialog(form, finish)


def _statistics(home: HomePort) -> None:
    async def load() -> Content:
        return statistics_text(await home.engine.coordination.feed.statistics(), home.engine.now())

    home.open_dialog(LiveText(ours("Statistics of the feed"), load))


def _kinds(home: HomePort) -> None:
    """Let one type be chosen to look at."""
    counts = Counter(item.kind for item in home.fleet.feed)

    def rows(width: int) -> list[tuple[Row, str]]:
        found = [(Row("*", content([(ours(" all types"), "bold")])), "all types")]
        for kind in dict.fromkeys((*EVENT_KINDS, *counts)):
            look = event_look(kind)
            line = content(
                [
                    (our_line(" {} {} ", look.glyph, fit(look.word, 16)), look.style),
                    (our_line("{}", counts[kind] or ""), "$muted"),
                ]
            )
            found.append((Row(kind, line), kind))
        return found

    def finish(kind: str | None) -> None:
        if kind is not None:
            home.narrow("" if kind == "*" else f"is:{kind}")

    home.open_dialog(PickDialog(ours("Type of events"), rows, ours("No type is called so.")), finish)


ACTIONS: tuple[Action, ...] = (
    Action("feed.open", "v,enter", "view", "Feed screen", "Read all of the event", _open, _needs_event, screen="feed"),
    Action("feed.agent", "a", "its agent", "Feed screen", "Go to the agent", _go_to_agent, _can_go, screen="feed"),
    Action("feed.kinds", "t", "types", "Feed screen", "Choose the type of events", _kinds, screen="feed"),
    Action("feed.publish", "p", "publish", "Feed screen", "Publish an event", _publish, writes=True, screen="feed"),
    Action("feed.stats", "s", "statistics", "Feed screen", "Show what the server counts", _statistics, screen="feed"),
    Action("move.events", "N", "feed", "Move", "Go to the feed: all events", lambda home: home.show("feed")),
)
