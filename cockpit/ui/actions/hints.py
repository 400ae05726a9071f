"""What the output in sight names is taken up: copied, written to the agent, opened, forwarded."""

from __future__ import annotations

from functools import partial

from cockpit.errors import CockpitError
from cockpit.model.commands.ports import OpenForward
from cockpit.model.files.mentions import Mention
from cockpit.model.fleet import Agent
from cockpit.model.hints import Hint, HintKind
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.files import open_files
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.hints.screen import Act, HintsScreen, Picked
from cockpit.ui.hints.sight import in_sight
from cockpit.ui.terminal.clipboard import copied
from cockpit.ui.widgets.notice import notice

COPY, INSERT, OPEN, FORWARD = "y", "i", "o", "f"
"""The keys of what can be done."""


def _acts(home: HomePort, agent: Agent, hint: Hint) -> tuple[Act, ...]:
    """Return what can be done with a thing, and why it cannot now."""
    acts = [
        Act(COPY, ours("copy")),
        Act(INSERT, ours("into the text"), "the cockpit is read-only" if home.read_only else ""),
    ]
    if hint.kind is HintKind.PATH:
        acts.append(Act(OPEN, ours("open"), home.engine.files.refusal(agent.id)))
    elif "://" in hint.text:
        acts.append(Act(OPEN, ours("open: copied for your browser")))
    if hint.port:
        order = OpenForward(agent.vm_id, hint.port)
        reason = "the cockpit is read-only" if home.read_only else home.engine.disabled_reason(order)
        acts.append(Act(FORWARD, our_line("forward {}", hint.port), "" if _leads_to(home, order) else reason))
    return tuple(acts)


def _leads_to(home: HomePort, order: OpenForward) -> str:
    """Return the local address that leads to a port already, or empty text."""
    known = (one for one in home.fleet.forwards if one.vm == order.vm and one.port == order.port)
    return next((one.address for one in known), "")


def _hints(home: HomePort) -> None:
    """Label what is in sight, and do with it what the operator says."""
    agent = home.agent
    if agent is None:
        return
    output = home.output
    if not in_sight(output):
        home.warn(ours("no address, path, hash or port is in sight in the output"), title=ours("Hints"))
        return

    def finish(picked: Picked | None) -> None:
        if picked is not None:
            _do(home, agent, *picked)

    home.open_dialog(HintsScreen(partial(in_sight, output), partial(_acts, home, agent)), finish)


def _do(home: HomePort, agent: Agent, hint: Hint, act: str) -> None:
    if act == INSERT:
        home.write(None)
        if home.composer.recipient == agent.id:
            home.composer.insert_at_cursor(hint.text)
    elif act == OPEN and hint.kind is HintKind.PATH:
        open_files(home, agent, Mention(hint.path, hint.line))
    elif act == FORWARD:
        _forward(home, agent, hint.port)
    else:
        _copy(home, hint.text)


def _copy(home: HomePort, text: str) -> None:
    try:
        notice(home.app, copied(home.app, clean_line(text), clean_line(text)), timeout=4)
    except CockpitError as error:
        home.warn(clean_line(str(error)), title=ours("Not copied"))


def _forward(home: HomePort, agent: Agent, port: int) -> None:
    order = OpenForward(agent.vm_id, port)
    if address := _leads_to(home, order):
        _copy(home, address)
    else:
        home.promise(home.command(order), our_line("port {} of {} is forwarded: P has its address", port, agent.name))


ACTIONS: tuple[Action, ...] = (
    Action(
        "read.hints",
        "quotation_mark",
        "hints",
        "Read",
        "Label addresses, paths, hashes and ports in sight: copy, write, open or forward one",
        _hints,
        needs_agent,
        ("output",),
    ),
)
