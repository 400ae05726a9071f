"""Files: those on the selected agent's VM, and the ones that its output names."""

from __future__ import annotations

from cockpit.model.files.mentions import Mention, mentions_in
from cockpit.model.fleet import Agent
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.files.screen import FilesScreen
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.row_list import Row


def _within_reach(situation: Situation) -> str:
    return situation.engine.files.refusal(situation.agent.id) if situation.agent is not None else NO_AGENT


def open_files(home: HomePort, agent: Agent, mention: Mention | None = None) -> None:
    """Open an agent's files at a path that something mentions, else at its workspace."""
    path, line = (mention.path, mention.line) if mention is not None else ("", 0)
    name = clean_line(agent.name)
    home.open_dialog(FilesScreen(home.engine, agent.id, name, path=path, line=line, read_only=home.read_only))


def _open(home: HomePort, mention: Mention | None = None) -> None:
    if home.agent is not None:
        open_files(home, home.agent, mention)


def _open_selected(home: HomePort) -> None:
    """Open the workspace, or the path that is selected in the output."""
    selected = home.app.screen.get_selected_text() or ""
    _open(home, next(iter(mentions_in(selected)), None))


def _named_in_output(home: HomePort) -> None:
    """Open a path that the output names, nearest to what is in view."""
    found = {str(at): mention for at, mention in enumerate(mentions_in(home.output.text_in_view()))}
    if not found:
        home.warn(ours("what is in view of the output names no path"), title=ours("Files"))
        return

    def rows(width: int) -> list[tuple[Row, str]]:
        return [
            (Row(key, content([(our_line(" {}", mention.path), ""), (_line(mention), "$muted")])), mention.path)
            for key, mention in found.items()
        ]

    def finish(key: str | None) -> None:
        if key is not None:
            _open(home, found[key])

    home.open_dialog(PickDialog(ours("Paths in the output"), rows, ours("No path is so called.")), finish)


def _line(mention: Mention) -> Clean:
    return clean_line(f":{mention.line}") if mention.line else NOTHING


ACTIONS: tuple[Action, ...] = (
    Action(
        "files.open",
        "F",
        "files",
        "Agents",
        "Look through the files of this agent, edit them, bring and take them",
        _open_selected,
        _within_reach,
        ("agents", "output"),
    ),
    Action(
        "files.named",
        "",
        "path in the output",
        "Agents",
        "Open a file that the visible output names",
        _named_in_output,
        _within_reach,
    ),
)
