"""Headless verbs that talk with one agent: send, answer, tail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nearest, only
from cockpit.cli.signals import while_somebody_reads
from cockpit.errors import NotFound, Refused, TimedOut, UsageError
from cockpit.model.attachments import ON_VM
from cockpit.model.codec import record_to_object
from cockpit.model.commands.agent import Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.usage import ResumeAndSend
from cockpit.model.commands.vm import Checkpoint
from cockpit.model.dwelling import whose_words
from cockpit.model.events import EpochStarted, Record
from cockpit.model.fleet import Agent, LinkState, Power
from cockpit.model.inbox.question import refused
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.model.past import remembered_as
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import reached
from cockpit.paths import absolute
from cockpit.text.sanitize import clean_text, our_text
from cockpit.text.streams import flush_output, output_is_terminal, say, warn, write_raw

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort, OutputLine
    from cockpit.model.ids import AgentId, CommandId

REACH_LIMIT = 60.0
"""Seconds a verb waits until its agent's stream is read to the end, once its link is up."""

ACCEPT_LIMIT = 60.0
"""Seconds `--wait accepted` waits without `--timeout`."""

ABORT_LIMIT = 60.0
"""Seconds an abort may take: the agent answers once the run has ended."""

ANSWERED = (LinkState.UP, LinkState.SILENT, LinkState.PAUSED)
"""States of a link whose VM was reached, or is known not to answer for a reason."""

Wait = Literal["accepted", "consumed", "done"]

STAGES: dict[Wait, Stage] = {"accepted": Stage.ACCEPTED, "consumed": Stage.CONSUMED, "done": Stage.DONE}
"""What `--wait` means as a stage."""

Mode = Literal["prompt", "steer", "follow-up"]

MODES: dict[Mode, type[Prompt] | type[Steer] | type[FollowUp]] = {
    "prompt": Prompt,
    "steer": Steer,
    "follow-up": FollowUp,
}
"""What `--mode` means as a command."""


async def reachable(engine: HeadlessPort, name: str, contact: float) -> Agent:
    """Return an agent whose link is up and whose stream was read to its end.

    Raises:
        NotFound: there is no such agent.
        Refused: its VM is paused, or its link does not come up within `contact` seconds; says why.
    """
    agent = engine.agent_named(name)
    if is_paused(engine, agent):
        raise Refused(
            f"{whose_words(agent.name, engine.fleet.vm(agent.vm_id))} is paused", hint=f"cockpit resume {agent.name}"
        )

    def read() -> bool:
        known = engine.fleet.agent(agent.id)
        return known is None or (known.link.state is LinkState.UP and engine.output.is_up_to_date(agent.id))

    await connected(engine, agent.id, contact)
    reached_it = await engine.until(read, REACH_LIMIT)
    found = engine.fleet.agent(agent.id)
    if found is None:
        raise NotFound(f"{agent.name} was destroyed meanwhile")
    if not reached_it:
        raise Refused(f"{agent.name} cannot be reached: {out_of_reach(engine, found)}", hint="try again later")
    return found


def is_paused(engine: HeadlessPort, agent: Agent) -> bool:
    """Say whether an agent's VM is frozen, as last known."""
    vm = engine.fleet.vm(agent.vm_id)
    return vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING)


async def connected(engine: HeadlessPort, agent_id: AgentId, contact: float) -> None:
    """Return once an agent's VM was reached, or is paused, or is gone.

    Raises:
        Refused: it is not reached within `contact` seconds, or surely will not be; says why.
    """
    ends = engine.now() + contact

    def hopeless(agent: Agent) -> bool:
        return agent.link.state is LinkState.DOWN and (agent.link.retry_at or 0.0) > ends

    def decided() -> bool:
        agent = engine.fleet.agent(agent_id)
        return agent is None or agent.link.state in ANSWERED or hopeless(agent)

    # Agents are attached when the list names their VM: without it there is no link to wait for.
    if engine.fleet.agent(agent_id) is not None and not engine.output.is_attached(agent_id):
        contact = 0.0

    done = await engine.until(decided, contact)
    agent = engine.fleet.agent(agent_id)
    if agent is not None and (not done or hopeless(agent)):
        raise Refused(f"{agent.name} cannot be reached: {out_of_reach(engine, agent)}", hint="try again later")


def out_of_reach(engine: HeadlessPort, agent: Agent) -> str:
    """Say why an agent's VM is not connected, and what is wrong with the API that knows the way to it."""
    health = engine.fleet.service("vers")
    sick = health is not None and not health.ok
    reasons = [agent.link.reason] if agent.link.reason else []
    if not reasons and not sick:
        absent = not engine.output.is_attached(agent.id)
        link = "its link is up, but its output is not read" if agent.link.state is LinkState.UP else ""
        reasons.append("its place is on no list" if absent else link or f"its link is {agent.link.state.value}")
    if health is not None and sick:
        reasons.append(health.trouble)
    return "; ".join(dict.fromkeys(reasons))


def receipt_object(receipt: Receipt) -> dict[str, Any]:
    """Return what became of a command, for JSON."""
    return {
        "agent": receipt.agent,
        "command": receipt.verb,
        "text": receipt.text,
        "stage": receipt.stage.value,
        "stages": [{"stage": stage.value, "at": at} for stage, at in receipt.stages],
        "reason": receipt.reason or None,
    }


def report(receipt: Receipt) -> int:
    """Return a receipt's exit code; what went wrong goes to standard error."""
    if receipt.stage is Stage.FAILED:
        warn(our_text("cockpit: {} failed: {}", receipt.verb, receipt.reason))
        return 1
    if receipt.stage is Stage.UNCONFIRMED:
        warn(our_text("cockpit: {} is unconfirmed: {}; it was not sent again", receipt.verb, receipt.reason))
        return 1
    return 0


def settled_report(receipt: Receipt, wanted: Stage, limit: float, otherwise: str) -> int:
    """Return a receipt's exit code once it came as far as wanted.

    Raises:
        TimedOut: it did not, and did not fail either.
    """
    code = report(receipt)
    if not code and not reached(receipt, wanted):
        raise TimedOut(f"the {receipt.verb} is {receipt.stage.value} after {limit:g} s: {otherwise}")
    return code


async def send(
    headless: Headless,
    name: str,
    text: str,
    mode: Mode,
    wait_for: Wait,
    timeout: float | None,
    *,
    checkpoint: bool = False,
    resume: bool = False,
    instead: Callable[[HeadlessPort, Agent], Awaitable[bool]] | None = None,
    as_json: bool = False,
    images: tuple[str, ...] = (),
) -> int:
    """Send a text, after a commit if wanted, and wait as far as asked; JSON is what became of it, with its answer.

    Args:
        resume: continue the agent's VM first, if it is paused.
        instead: does what the text stands for, and says whether it did; else the text is sent.
    """
    async with headless.engine(only(name), watch=True) as engine:
        if resume and is_paused(engine, agent := engine.agent_named(name)):
            return await _resume_and_send(engine, agent, MODES[mode](agent.id, text, images), as_json)
        agent = await reachable(engine, name, headless.left())
        if instead is not None and await instead(engine, agent):
            if as_json:
                output.print_json({"carried_out": text})
            return ExitCode.DONE
        command = MODES[mode](agent.id, text, images)
        sent = await _after_checkpoint(engine, agent, command) if checkpoint else engine.dispatch(command)
        if sent is None:
            return ExitCode.FAILED
        command_id = sent
        wanted = STAGES[wait_for]
        limit = timeout if timeout is not None or wanted is not Stage.ACCEPTED else ACCEPT_LIMIT
        receipt = await engine.outcome(command_id, until=wanted, timeout=limit)
        if as_json:
            output.print_json({**receipt_object(receipt), "answer": engine.answer_to(agent.id, command_id)})
        code = report(receipt)
        if code:
            if not as_json and (printed := engine.answer_to(agent.id, command_id)):
                say(clean_text(printed))  # what was printed until it fell silent
            return code
        if not reached(receipt, wanted):
            raise TimedOut(
                f"{name}: the {mode} is {receipt.stage.value} after {limit:g} s, not {wait_for}",
                hint="it stays with the agent; look with `cockpit tail`",
            )
        if wanted is Stage.DONE:
            answered = engine.answer_to(agent.id, command_id) or ""
            if not answered.strip():
                why = receipt.reason or "it was read, and nothing was answered"
                warn(our_text("cockpit: {} gave no answer to this {}: {}", name, mode, why))
            elif not as_json:
                say(clean_text(answered))
    return 0


def image_name(given: str) -> str:
    """Return how an image is named wherever it is read: a path on this machine from the root on."""
    return given if given.startswith(ON_VM) else str(absolute(given, "--image"))


async def _resume_and_send(
    engine: HeadlessPort, agent: Agent, command: Prompt | Steer | FollowUp, as_json: bool
) -> int:
    """Continue a paused VM and give its agent the text, in one act."""
    receipt = await engine.outcome(engine.dispatch(ResumeAndSend(agent.vm_id, command)))
    if as_json:
        output.print_json(receipt_object(receipt))
    if code := report(receipt):
        return code
    texts = (known for known in reversed(engine.fleet.receipts) if known.agent == agent.id and known.id != receipt.id)
    sent = next(known.id for known in texts if known.text == command.text)
    return report(await engine.outcome(sent, until=Stage.ACCEPTED, timeout=ACCEPT_LIMIT))


async def _after_checkpoint(engine: HeadlessPort, agent: Agent, command: Prompt | Steer | FollowUp) -> CommandId | None:
    """Have a commit taken and the text sent then; None if it was not sent, which is said."""
    taken = await engine.outcome(engine.dispatch(Checkpoint(agent.vm_id, command)))
    if report(taken):
        return None
    warn(our_text("cockpit: a commit was taken first, for `cockpit retry {}`: {}", agent.name, IN_THE_COMMIT))
    texts = (known for known in reversed(engine.fleet.receipts) if known.agent == agent.id and known.id != taken.id)
    return next(known.id for known in texts if known.text == command.text)


async def answer(headless: Headless, name: str, value: str, cancel: bool, reason: str, as_json: bool) -> int:
    """Answer the oldest open question, or refuse it with a reason."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        if not agent.activity.dialogs:
            raise Refused(f"{name} asks nothing", hint=f"cockpit wait {name} --until asking")
        request = agent.activity.dialogs[0].request
        if reason and not request.takes_reason:
            hint = f"answer it, and `cockpit send {name} TEXT --mode steer` says why"
            raise Refused(f"{request.title!r} takes no reason", hint=hint)
        if reason:
            command = refused(agent.id, request, reason)
        elif cancel:
            command = Answer(agent.id, request.dialog_id, cancelled=True)
        elif request.method == "confirm":
            if value.lower() not in ("yes", "no", "y", "n", "true", "false"):
                raise Refused(f"{request.title!r} takes yes or no, not {value!r}")
            command = Answer(agent.id, request.dialog_id, confirmed=value.lower() in ("yes", "y", "true"))
        else:
            if request.method == "select" and value not in request.options:
                raise Refused(f"{request.title!r} takes one of {', '.join(request.options)}, not {value!r}")
            command = Answer(agent.id, request.dialog_id, value=value)
        receipt = await engine.outcome(engine.dispatch(command), timeout=ACCEPT_LIMIT)
        if as_json:
            output.print_json({**receipt_object(receipt), "question": request.title})
        return settled_report(receipt, Stage.DONE, ACCEPT_LIMIT, "nothing shows that the agent went on")


async def tail(headless: Headless, name: str, as_json: bool, from_line: int, follow: bool, raw: bool) -> int:
    """Print an agent's lines; of an agent that is gone or out of reach, the recorded ones, unless they must be raw."""
    with while_somebody_reads():
        return await _tail(headless, name, as_json, from_line, follow, raw)


async def _tail(headless: Headless, name: str, as_json: bool, from_line: int, follow: bool, raw: bool) -> int:
    selection, code = Selection(from_line), ExitCode.DONE
    async with headless.engine(only(name), watch=follow, record=False) as engine:
        if raw:
            wanted = engine.agent_named(name)
            await connected(engine, wanted.id, headless.left())
            await _print_raw(engine, wanted, selection, follow)
        else:
            lines, whole = await lines_of(engine, name, headless.left(), follow)
            await _print(lines, selection, as_json)
            code = ExitCode.DONE if whole else ExitCode.PARTIAL
    if from_line > 1 and not selection.matched:
        warn(our_text("cockpit: {} has no line {} here: its last one is line {}", name, from_line, selection.last))
        return ExitCode.FAILED
    return code


class Selection:
    """The lines that `--from-line` selects."""

    def __init__(self, from_line: int) -> None:
        self._from_line = from_line
        self.matched = False
        """Whether there was one."""
        self.last = 0
        """The last line there was, whether it was selected or not."""

    def takes(self, record: Record) -> bool:
        """Say whether a record is one of them; the beginning of another file always is told."""
        if isinstance(record.event, EpochStarted):
            return True
        self.last = record.line
        taken = record.line >= self._from_line
        self.matched = self.matched or taken
        return taken


async def lines_of(engine: HeadlessPort, name: str, contact: float, follow: bool) -> tuple[AsyncIterator[Record], bool]:
    """Return an agent's lines, from its VM or as recorded, and whether that is all there is."""
    try:
        agent = engine.agent_named(name)
    except NotFound:
        return engine.recorded.lines(await _remembered(engine, name)), True
    if is_paused(engine, agent) and not follow:
        warn(
            our_text(
                "cockpit: {} is paused: these are the recorded lines, and it may have more",
                whose_words(agent.name, engine.fleet.vm(agent.vm_id)),
            )
        )
        return engine.recorded.lines(agent.id), False
    await connected(engine, agent.id, contact)
    return _records(engine.output.lines(agent, follow=follow)), True


async def _print_raw(engine: HeadlessPort, agent: Agent, selection: Selection, follow: bool) -> None:
    """Write the bytes of an agent's lines as they are, for another program."""
    if output_is_terminal():
        raise UsageError("--raw writes an agent's bytes as they are", hint="send them into a file or a program")
    async for line in engine.output.lines(agent, follow=follow, raw=True):
        if not selection.takes(line.record):
            continue
        if isinstance(line.record.event, EpochStarted):
            # Bytes cannot say it: what follows is of another file, and perhaps not what followed in the agent.
            warn(
                our_text("cockpit: {}'s output is another file from here on: {}", agent.name, line.record.event.reason)
            )
        async for data in line.data():
            write_raw(data)
        flush_output()


async def _records(lines: AsyncIterator[OutputLine]) -> AsyncIterator[Record]:
    async for line in lines:
        yield line.record


async def _print(lines: AsyncIterator[Record], selection: Selection, as_json: bool) -> None:
    async for record in lines:
        if not selection.takes(record):
            continue
        if as_json:
            output.print_json(record_to_object(record))
        else:
            output.print_record(record)
        flush_output()


async def _remembered(engine: HeadlessPort, name: str) -> AgentId:
    known = await engine.recorded.agents()
    wanted = remembered_as(name, known)
    if not wanted:
        raise NotFound(
            f"there is no agent named {name}, and none is remembered", hint=nearest(name, (one.name for one in known))
        )
    warn(our_text("cockpit: {} is gone: these are the recorded lines", name))
    return max(wanted, key=lambda one: one.created_at).id
