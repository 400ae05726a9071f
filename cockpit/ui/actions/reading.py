"""Reading an agent's output: from block to block, folded and opened, searched, copied, saved and opened elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.widget import Widget

from cockpit.errors import CockpitError
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Handler, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.terminal.clipboard import copied
from cockpit.ui.transcript.copying import block_name, block_text, newest_answer, whole_text
from cockpit.ui.transcript.elsewhere import opened, saved
from cockpit.ui.transcript.find.search import Archive, Searched
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.find_line import FindLine
from cockpit.ui.widgets.notice import notice

_OUTPUT = ("output",)


def _needs_agent(situation: Situation) -> str:
    return "" if situation.agent is not None or situation.pane == "output" else "no agent is selected"


def _turn(direction: int) -> Handler:
    def handler(home: HomePort) -> None:
        home.output.go_to_turn(direction)

    return handler


def _tool(direction: int) -> Handler:
    def handler(home: HomePort) -> None:
        if not home.output.go_to_tool(direction):
            where = ours("before") if direction < 0 else ours("after")
            notice(home.app, our_line("no tool call {} this is held here", where), timeout=3)

    return handler


def _error(home: HomePort) -> None:
    if not home.output.go_to_error():
        notice(home.app, ours("no error is held here"), timeout=3)


def line_under(output: Searched, words: str | None) -> FindLine:
    """Put the line in which words are typed under an output."""
    line = FindLine(output.look_for, output.look_through, output.action_find_end, words)
    if isinstance(output.parent, Widget):
        output.parent.mount(line, after=output)
    return line


def find(home: HomePort) -> None:
    """Ask which words to look for in the output."""
    agent = home.selected
    archive = Archive(home.engine.recorded, agent) if agent is not None else None
    home.output.open_search(archive, line_under)


def _copy(home: HomePort, text: Clean, what: Clean) -> None:
    try:
        notice(home.app, copied(home.app, text, what), timeout=4)
    except CockpitError as error:
        home.warn(clean_line(str(error)), title=ours("Not copied"))


def _copy_answer(home: HomePort) -> None:
    block, transcript = home.output.last_in_view(), home.output.transcript
    answer = newest_answer(transcript, block.key) if block is not None and transcript is not None else None
    if answer is None:
        home.warn(ours("no answer is held up to here"), title=ours("Not copied"))
    else:
        _copy(home, block_text(answer), ours("the answer"))


def _copy_block(home: HomePort) -> None:
    block = home.output.block()
    if block is None:
        home.warn(ours("there is nothing to read yet"), title=ours("Not copied"))
    else:
        _copy(home, block_text(block), block_name(block))


def _held(home: HomePort) -> tuple[Clean, str] | None:
    """Return all that is held of the transcript, and a name for a file of it."""
    transcript = home.output.transcript
    if transcript is None or not len(transcript):
        home.warn(ours("there is nothing to read yet"), title=ours("Not saved"))
        return None
    name = home.agent.name if home.agent is not None else "agent"
    return whole_text(transcript), "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in name)


def _save(home: HomePort) -> None:
    held = _held(home)
    if held is None:
        return
    text, name = held
    block = home.output.block()

    def check(values: Values) -> str:
        path = Path(values["to"]).expanduser()
        return "" if values["to"].strip() and path.parent.is_dir() else f"there is no directory {path.parent}"

    def finish(values: Values | None) -> None:
        if values is None:
            return
        chosen = block_text(block) if values["what"] == "block" and block is not None else text
        home.app.run_worker(_write(home, chosen, Path(values["to"]).expanduser().absolute()), name="save the output")

    block_words = block_name(block) if block is not None else ours("the block")
    choices = (("all", ours("all that is held of it")), ("block", block_words))
    fields = (
        Field("what", ours("what"), "choice", "all", choices=tuple(Choice(*one) for one in choices)),
        Field("to", ours("file here"), value=f"{name}-output.md"),
    )
    home.open_dialog(FormDialog(ours("Save the output"), fields, check), finish)


async def _write(home: HomePort, text: Clean, to: Path) -> None:
    try:
        path = await asyncio.to_thread(saved, text, to)
    except CockpitError as error:
        home.warn(clean_line(str(error)), title=ours("Not saved"))
    else:
        notice(home.app, our_line("Saved: {}", str(path)), timeout=6)


def _open_in(*, editor: bool) -> Handler:
    def handler(home: HomePort) -> None:
        held = _held(home)
        if held is None:
            return
        text, name = held

        async def shown() -> None:
            try:
                await opened(home.app, text, name, editor=editor)
            except CockpitError as error:
                home.warn(clean_line(str(error)), title=ours("Not opened"))

        home.app.run_worker(shown(), name="open the output", group="lent", exclusive=True)

    return handler


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.follow",
        "end,G",
        "follow",
        "Read",
        "Go to the newest line and stay there",
        lambda home: home.output.follow(),
        panes=_OUTPUT,
    ),
    Action(
        "read.fold",
        "left_parenthesis",
        "open/fold",
        "Read",
        "Open the block pointed to, or fold it; its first line stays where it is (so does a click on that)",
        lambda home: home.output.toggle_block(),
        _needs_agent,
        _OUTPUT,
    ),
    Action(
        "see.expand",
        "e",
        "expand",
        "Read",
        "Show tool output and thinking in full, or short",
        lambda home: home.output.toggle_expanded(),
        panes=_OUTPUT,
    ),
    Action(
        "see.previous_turn",
        "left_square_bracket",
        "earlier turn",
        "Read",
        "Point to the message before",
        _turn(-1),
        panes=_OUTPUT,
    ),
    Action("see.next_turn", "right_square_bracket", "later turn", "Read", "Point to the message after", _turn(1)),
    Action("read.previous_tool", "h", "earlier tool", "Read", "Point to the tool call before", _tool(-1), _needs_agent),
    Action("read.next_tool", "l", "later tool", "Read", "Point to the tool call after", _tool(1), _needs_agent),
    Action(
        "read.error",
        "right_parenthesis",
        "error",
        "Read",
        "Point to the error before, from the oldest to the newest again",
        _error,
        _needs_agent,
    ),
    Action(
        "read.copy_answer",
        "y",
        "copy answer",
        "Read",
        "Copy the newest answer in view",
        _copy_answer,
        _needs_agent,
        _OUTPUT,
    ),
    Action("read.copy_block", "Y", "copy block", "Read", "Copy the block pointed to", _copy_block, _needs_agent),
    Action(
        "read.raw",
        "backslash",
        "raw",
        "Read",
        "Show texts as they were written with the numbers of their lines, or as they are meant",
        lambda home: home.output.toggle_raw(),
        _needs_agent,
    ),
    Action(
        "read.find",
        "",
        "find in the output",
        "Read",
        "Look for words in all an agent said and did (`/` in the output; then `n` newer, `N` older)",
        find,
        _needs_agent,
    ),
    Action(
        "see.search",
        "S",
        "search",
        "Read",
        "Search everything agents said and did, also those that are gone, and go there",
        lambda home: home.show("search"),
    ),
    Action(
        "read.save", "", "save the output", "Read", "Write the output, or a block, into a file", _save, _needs_agent
    ),
    Action(
        "read.editor", "", "output in the editor", "Read", "Open it in `$EDITOR`", _open_in(editor=True), _needs_agent
    ),
    Action(
        "read.pager", "", "output in the pager", "Read", "Open it in `$PAGER`", _open_in(editor=False), _needs_agent
    ),
)
