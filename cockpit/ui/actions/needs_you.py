"""What waits for the operator: the next of it, answers that go out, and the acts about an entry."""

from __future__ import annotations

from typing import Protocol

from cockpit.model.attachments import naming
from cockpit.model.attention import Attention, Urgency
from cockpit.model.commands.agent import Answer, text_command
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.ids import CommandId
from cockpit.model.inbox.caution import lets_through
from cockpit.model.inbox.entries import key_of, mark_of
from cockpit.model.inbox.question import reason_text
from cockpit.model.inbox.shelf import PUT_OFF_WORDS, PutOff
from cockpit.model.reconciliation import Suggestion, findings_on
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.mending import mend
from cockpit.ui.actions.recovery import answer_owed
from cockpit.ui.actions.usage import continue_refused, settle_budget
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.put_off import PutOffDialog
from cockpit.ui.dialogs.texts import undelivered_text
from cockpit.ui.look.states import Mode
from cockpit.ui.widgets.needs_you.card import QuestionCard
from cockpit.ui.widgets.needs_you.posed import Posed

ACTS = {"R": "agent.relaunch", "w": "agent.why"}
"""Keys of an entry that are the act of its agent."""


class Answers(Protocol):
    """Where an answer was pressed."""

    def sent(self, posed: Posed, command: CommandId, said: str) -> None:
        """Take that an answer is on its way."""

    def refuse(self, reason: Clean) -> None:
        """Say that an answer was refused."""


def give_answer(home: HomePort, wanted: QuestionCard.Answered, place: Answers) -> None:
    """Send an answer to the question that was read, or say at the place why not; a reason follows a no."""
    command = wanted.command
    reason = "the cockpit is read-only" if home.read_only else home.engine.disabled_reason(command)
    if reason:
        place.refuse(clean_line(reason))
        return
    said = "answered" if not isinstance(command, Answer) else _said(command)
    place.sent(wanted.posed, home.command(command), said)
    if wanted.reason and isinstance(command, Answer) and not command.reason and wanted.posed.request is not None:
        text = reason_text(wanted.posed.request, wanted.reason)
        # Its run goes on behind the answer: it reads this before its next step.
        home.command(text_command(command.agent, text, busy=True, steers=True))


def _said(answer: Answer) -> str:
    if not lets_through(answer):
        return "no"
    return "yes" if answer.confirmed else (answer.value or "")


def act_about(home: HomePort, item: Attention, act: str) -> None:
    """Do what a key of an entry means."""
    if act == "~":
        put_off_item(home, item)
    elif act == "M":
        mend_item(home, item)
    elif act in ACTS and item.agent is not None:
        home.select(item.agent)
        home.try_action(ACTS[act], alone=True)
    elif item.dialog is not None and item.agent is not None:
        home.select(item.agent)
        home.try_action("talk.answer")
    else:
        go_to_item(home, item)


def shelve_item(home: HomePort, item: Attention, key: str) -> None:
    """Put an entry off for a while (`~` asks), for good (`m`), or take it back (`b`)."""
    if key == "~":
        put_off_item(home, item)
    elif home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not put off"))
    elif key == "b":
        home.command(TakeBackEntry(key_of(item)))
    else:
        home.command(PutOffEntry(key_of(item), mark_of(item), PutOff.MUTE, item.sentence))


def put_off_item(home: HomePort, item: Attention) -> None:
    """Ask for how long an entry is put off; what is asked about is the one that it was then."""
    if home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not put off"))
        return

    def finish(chosen: str | None) -> None:
        if chosen is not None:
            how = PutOff(chosen)
            command = home.command(PutOffEntry(key_of(item), mark_of(item), how, item.sentence))
            home.promise(command, our_line("put off, {}: I has what is put off", PUT_OFF_WORDS[how]))

    home.open_dialog(PutOffDialog(clean_line(item.sentence)), finish)


def go_to_item(home: HomePort, item: Attention) -> None:
    """Select what waits; a text that nobody read comes back into the composer, or is shown if its agent is gone."""
    if item.urgency is Urgency.UNDELIVERED and _take_back(home, item):
        return
    if item.owed is not None:
        answer_owed(home, item.owed)
    elif item.budget is not None and not home.read_only:
        settle_budget(home, item.budget)
    elif item.agent is not None and home.fleet.agent(item.agent) is not None:
        home.select(item.agent)
        home.focus_pane("agents")
    elif item.task is not None:
        home.go_to(f"task:{item.task}")
    elif item.finding is not None:
        home.go_to(f"vm:{item.finding.vm}")


def _take_back(home: HomePort, item: Attention) -> bool:
    """Give a text that nobody read back to the operator; False if it is no longer known."""
    receipt = next((known for known in home.fleet.receipts if known.id == item.command), None)
    if receipt is None:
        return False
    if receipt.agent is None or home.fleet.agent(receipt.agent) is None:
        home.open_dialog(TextDialog(ours("Not delivered"), undelivered_text(receipt)))
        return True
    home.select(receipt.agent)
    home.composer.take_back(receipt.id, Mode(receipt.verb), naming(receipt.text, receipt.images))
    home.write(Mode(receipt.verb))
    return True


def mend_item(home: HomePort, item: Attention) -> None:
    """Do what is suggested about an entry; where nothing is, go there."""
    if item.cause is not None and not home.read_only:
        continue_refused(home, item)
        return
    agent = home.fleet.agent(item.agent) if item.agent is not None else None
    on_vm = findings_on(home.fleet, agent.vm_id, home.engine.now()) if agent is not None else ()
    finding = item.finding or next((one for one in on_vm if one.suggestion is not Suggestion.WAIT), None)
    if finding is None:
        go_to_item(home, item)
    elif home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not mended"))
    else:
        mend(home, finding)
