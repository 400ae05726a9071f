"""Each command about settings and conversations, one after the other, on real pi of three versions."""

from __future__ import annotations

from pathlib import Path

from cockpit.engine.engine import Engine
from cockpit.model import inquiries as about
from cockpit.model.commands.agent import Abort, Prompt
from cockpit.model.commands.conversation import (
    AbortRetry,
    AbortShell,
    CloneSession,
    CompactContext,
    ConversationCommand,
    ForkSession,
    NameSession,
    NewSession,
    RunShell,
    RunShellAside,
    SetAutoCompaction,
    SetAutoRetry,
    SetModel,
    SetQueueMode,
    SetThinking,
    SwitchSession,
)
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from tests.engine.evidence import out_file
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until
from tests.real_pi.company import set_retries
from tests.real_pi.installations import MODEL, PiInstallation
from tests.real_pi.test_cockpit_on_pi import fleet, pi, state

__all__ = ["fleet", "pi"]

TEMPLATE = "---\ndescription: Say what was done\n---\nSay what was done: $1\n"


async def refused(engine: Engine, command: ConversationCommand) -> str:
    """Return why an agent did not do a command."""
    receipt = await engine.outcome(engine.dispatch(command), timeout=LIMIT)
    assert receipt.stage is Stage.FAILED, receipt
    return receipt.reason


async def told(engine: Engine, agent: Agent) -> None:
    """Wait until the agent has said which conversation it is in, and what was said there."""
    await until(engine, lambda: state(engine, agent.id).conversation.told, "what conversation it is")
    await engine.idle()


def shown(engine: Engine, agent: Agent) -> list[str]:
    """Return what the transcript shows of the conversation the agent is in: all behind the last seam."""
    entries = list(engine.transcript(agent.id).entries())
    seam = max(at for at, entry in enumerate(entries) if entry.kind is EntryKind.MARKER)
    return [entry.text for entry in entries[seam + 1 :] if entry.kind in (EntryKind.USER, EntryKind.ANSWER)]


async def said_again(engine: Engine, agent: Agent, *texts: str) -> None:
    """Wait until these texts, and no others, are shown of the conversation that the agent went to."""
    await until(engine, lambda: shown(engine, agent) == list(texts), f"{texts}; shown: {shown(engine, agent)}")


async def test_command_by_command(
    fleet: FleetUnderTest, pi: PiInstallation, isolated_home: Path, tmp_path: Path
) -> None:
    set_retries(isolated_home, delay=120_000)
    prompts = isolated_home / ".pi" / "agent" / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "report.md").write_text(TEMPLATE, encoding="utf-8")
    older = pi.version == "0.73.1"
    async with fleet.engine() as engine:
        agent = await spawned(engine, "bea", program="pi", model=MODEL)
        await conversations(fleet, engine, agent, tmp_path, older=older)
        await settings(engine, agent, older=older)
        await order(engine, RunShell(agent.id, "echo last"))
    async with fleet.engine() as again:
        assert shell_titles(again, agent)[-1:] == ["$ echo last"], "also for a cockpit that did not order it"


async def conversations(fleet: FleetUnderTest, engine: Engine, agent: Agent, folder: Path, *, older: bool) -> None:
    """Names, exports, other conversations, forks and copies."""
    ask = engine.inquiries.ask
    await order(engine, Prompt(agent.id, "first"))
    await order(engine, Prompt(agent.id, "again"))
    answers = ["I did what you asked: first", "I did what you asked: again"]
    assert await ask(agent.id, about.LAST_ANSWER) == answers[1]
    figures = await ask(agent.id, about.STATISTICS)
    assert (figures.user_messages, figures.answers) == (2, 2) and figures.tokens > 0 and figures.cost > 0
    assert figures.whole is not older
    await order(engine, NameSession(agent.id, "birds 漢字"))
    assert state(engine, agent.id).conversation.name == "birds 漢字"
    first = await ask(agent.id, about.STATE)
    assert (first.session_name, first.waiting) == ("birds 漢字", 0)

    for form, begins in (("jsonl", '{"type":"session"'), ("html", "<!DOCTYPE html>"), ("markdown", "# bea: birds")):
        file = folder / f"out.{form}"
        assert await engine.inquiries.export(agent.id, form, file) == str(file)
        content = file.read_text(encoding="utf-8")
        assert content.startswith(begins), form
        assert form == "html" or ("first" in content and answers[1] in content)
    assert (await engine.inquiries.export(agent.id, "jsonl", None)) == first.session_file

    await order(engine, NewSession(agent.id))
    await told(engine, agent)
    now = state(engine, agent.id)
    assert now.conversation.id not in ("", first.session_id) and not now.conversation.name
    assert (now.context_tokens, now.last_text, now.activity.state) == (0, "", ActivityState.IDLE)
    assert shown(engine, agent) == []
    assert await ask(agent.id, about.LAST_ANSWER) == ""
    await order(engine, Prompt(agent.id, "second"))
    await said_again(engine, agent, "second", "I did what you asked: second")

    saved = await engine.inquiries.sessions(agent.id)
    assert [(one.first, one.name) for one in saved] == [("second", ""), ("first", "birds 漢字")]
    assert saved[1].path == first.session_file and saved[1].id == first.session_id
    working = engine.dispatch(Prompt(agent.id, "mock:text(words=4000, rate=40)"))
    await until(engine, lambda: state(engine, agent.id).activity.detail == "writing", "streaming text")
    assert "abort it first" in await refused(engine, SwitchSession(agent.id, first.session_file))
    await engine.outcome(engine.dispatch(Abort(agent.id)), timeout=LIMIT)
    await engine.outcome(working, timeout=LIMIT)
    await order(engine, SwitchSession(agent.id, first.session_file))
    await told(engine, agent)
    await said_again(engine, agent, "first", answers[0], "again", answers[1])
    assert state(engine, agent.id).conversation.name == "birds 漢字"
    assert "already" in engine.disabled_reason(SwitchSession(agent.id, first.session_file))

    await forks(engine, agent, answers[0], tree=not older)
    asked = [line for line in _lines(fleet, agent) if line.startswith(b'{"id":"cockpit-conversation-')]
    assert len(asked) == 4, "once for each conversation it went to"


async def settings(engine: Engine, agent: Agent, *, older: bool) -> None:
    """Model, thinking, modes, compaction, slash commands."""
    ask = engine.inquiries.ask
    models = await ask(agent.id, about.MODELS)
    assert {"anthropic", "mock"} <= {one.provider for one in models}
    assert MODEL in {one.reference for one in models}
    await order(engine, SetModel(agent.id, "mock", "scripted"))
    assert state(engine, agent.id).model == "scripted" and state(engine, agent.id).provider == "mock"
    assert "Model not found" in await refused(engine, SetModel(agent.id, "mock", "nope"))
    await order(engine, SetModel(agent.id, *MODEL.split("/")))

    levels = await engine.inquiries.levels(agent.id)
    assert {"off", "high"} <= set(levels)
    await order(engine, SetThinking(agent.id, "high"))
    assert (await ask(agent.id, about.STATE)).thinking == "high" == state(engine, agent.id).thinking
    assert bool(engine.inquiries.reason(agent.id, about.LEVELS)) is older
    assert bool(engine.inquiries.reason(agent.id, about.TREE)) is older
    assert bool(engine.disabled_reason(RunShellAside(agent.id, "true"))) is older
    assert not engine.disabled_reason(CloneSession(agent.id))

    for queue in ("steering", "follow-up"):
        await order(engine, SetQueueMode(agent.id, queue, "all"))
    await order(engine, SetAutoCompaction(agent.id, enabled=False))
    setup = await ask(agent.id, about.STATE)
    assert (setup.steering_mode, setup.follow_up_mode, setup.auto_compaction) == ("all", "all", False)

    (report,) = [one for one in await ask(agent.id, about.SLASH_COMMANDS) if one.name == "report"]
    assert (report.description, report.source) == ("Say what was done", "prompt")
    assert engine.inquiries.known_commands(agent.id) is not None

    await retries(engine, agent)
    await shells(engine, agent, aside=not older)

    await order(engine, Prompt(agent.id, "mock:text(words=2000) remember the word heron"))
    compacted = await engine.outcome(engine.dispatch(CompactContext(agent.id, "keep the birds")), timeout=LIMIT)
    assert compacted.stage is Stage.DONE or "Nothing to compact" in compacted.reason, compacted


async def retries(engine: Engine, agent: Agent) -> None:
    """Abort a retry, and switch retries off."""
    # A backoff of two minutes: whoever waits for its end has not aborted it.
    failing = engine.dispatch(Prompt(agent.id, "mock:error(529)"))
    await until(engine, lambda: state(engine, agent.id).activity.state is ActivityState.RETRYING, "a backoff")
    await order(engine, AbortRetry(agent.id))
    assert (await engine.outcome(failing, timeout=LIMIT)).stage is Stage.FAILED
    assert "does not wait" in engine.disabled_reason(AbortRetry(agent.id))
    await order(engine, SetAutoRetry(agent.id, enabled=False))
    once = await engine.outcome(engine.dispatch(Prompt(agent.id, "mock:error(529)")), timeout=LIMIT)
    assert once.stage is Stage.FAILED and not state(engine, agent.id).activity.retry_attempt


def shell_titles(engine: Engine, agent: Agent) -> list[str]:
    """Return what the transcript says that the operator's own commands are."""
    return [entry.title for entry in engine.transcript(agent.id).entries() if entry.kind is EntryKind.COMMAND]


async def shells(engine: Engine, agent: Agent, *, aside: bool) -> None:
    """Run commands on the agent: in the context, ended, and out of it."""
    done = await order(engine, RunShell(agent.id, "echo heron; exit 4"))
    said = engine.inquiries.carried_out(agent.id, done.id)
    assert (said.text, said.exit_code, said.cut) == ("heron\n", 4, False)
    assert "$ echo heron; exit 4" in shell_titles(engine, agent)
    running = engine.dispatch(RunShell(agent.id, "sleep 600"))
    await engine.outcome(running, until=Stage.WRITTEN, timeout=LIMIT)
    await order(engine, AbortShell(agent.id))
    assert "cancelled" in (await engine.outcome(running, timeout=LIMIT)).reason
    if aside:
        await order(engine, RunShellAside(agent.id, "echo egret"))
    texts = [one.text for one in await engine.inquiries.ask(agent.id, about.MESSAGES) if one.role == "shell"]
    assert texts == ["heron\n", ""], "what was kept aside is in no context"


async def forks(engine: Engine, agent: Agent, answer: str, *, tree: bool) -> None:
    """Fork a conversation, go on otherwise, and go on in a copy."""
    ask = engine.inquiries.ask
    points = await ask(agent.id, about.FORK_POINTS)
    assert [point.text for point in points] == ["first", "again"]
    forked = await order(engine, ForkSession(agent.id, points[1].entry))
    assert engine.inquiries.carried_out(agent.id, forked.id).text == "again"
    await told(engine, agent)
    await said_again(engine, agent, "first", answer)
    await order(engine, Prompt(agent.id, "otherwise"))
    await order(engine, CloneSession(agent.id))
    await told(engine, agent)
    await said_again(engine, agent, "first", answer, "otherwise", "I did what you asked: otherwise")
    ids = {one.id for one in await engine.inquiries.sessions(agent.id)}
    assert len(ids) == 4 and state(engine, agent.id).conversation.id in ids
    if tree:
        entries = await ask(agent.id, about.TREE)
        users = [entry for entry in entries if entry.kind == "user"]
        assert [entry.text for entry in users] == ["first", "otherwise"] and all(one.current for one in users)


def _lines(fleet: FleetUnderTest, agent: Agent) -> list[bytes]:
    return out_file(fleet, agent.vm_id).read_bytes().split(b"\n")
