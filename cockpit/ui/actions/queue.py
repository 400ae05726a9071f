"""The selected agent's queue and its standard error: what it has not read, and what its program complained of."""

from __future__ import annotations

from cockpit.model.attachments import naming
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.ids import AgentId
from cockpit.model.queue import losing_images
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.last_words import LastWordsDialog
from cockpit.ui.dialogs.queue import QueueDialog
from cockpit.ui.dialogs.waiting import CLEAR
from cockpit.ui.look.states import Mode


def _open_queue(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return

    def finish(chosen: str | None) -> None:
        if chosen is not None:
            after_queue(home, agent.id, agent.name, chosen)

    home.open_dialog(QueueDialog(home.engine, agent.id, agent.name, read_only=home.composer.read_only), finish)


def after_queue(home: HomePort, agent_id: AgentId, name: str, chosen: str) -> None:
    """Do what the look at a queue came to: clear it, or write on in a text that was taken out of it."""
    if chosen == CLEAR:
        _clear(home, agent_id, name)
        return
    receipt = next((known for known in home.fleet.receipts if known.id == chosen), None)
    if receipt is not None:
        home.select(agent_id)
        home.composer.take_back(receipt.id, Mode(receipt.verb), naming(receipt.text, receipt.images))
        home.write(Mode(receipt.verb))


def _clear(home: HomePort, agent_id: AgentId, name: str) -> None:
    """Ask whether all that waits is to be taken out; the texts are named."""
    waiting = home.engine.queues.waiting(agent_id)
    targets = [our_line("{}: {}", one.kind.value, clean_line(one.text)[:200]) for one in waiting]
    losing = losing_images(waiting)
    consequence = our_line(
        "The agent reads none of it. What it says stays in the transcript.{}", f" Of that, {losing}." if losing else ""
    )

    def finish(yes: bool | None) -> None:
        if yes:
            command = home.command(ChangeQueue(agent_id, QueueAct.CLEAR))
            home.promise(command, our_line("cleared the queue of {}", name))

    home.open_dialog(ConfirmDialog(our_line("Clear the queue of {}", name), targets, consequence), finish)


def _open_standard_error(home: HomePort) -> None:
    agent = home.agent
    if agent is not None:
        home.open_dialog(LastWordsDialog(home.engine.standard_error, agent))


ACTIONS: tuple[Action, ...] = (
    Action(
        "queue.open",
        "Q",
        "queue",
        "Talk",
        "See what waits in the agent; take it back, steer with it, clear it",
        _open_queue,
        needs_agent,
    ),
    Action(
        "queue.standard_error",
        "",
        "standard error",
        "Agents",
        "Read what the agent's program wrote on standard error last",
        _open_standard_error,
        needs_agent,
    ),
)
