"""Questions to an agent: answered in its stream, bounded in time, refused at once where nobody could answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.inquiries import ANSWER_LIMIT, Inquiries
from cockpit.engine.streams.introduction import Introduction
from cockpit.errors import CockpitError, NotFound, Refused, TimedOut
from cockpit.model import events as ev
from cockpit.model import inquiries as about
from cockpit.model.files.port import FilePort
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import AgentId
from cockpit.remote.errors import Dropped
from tests.engine.unit.parts import AGENT, VM, Parts


def inquiries(parts: Parts) -> Inquiries:
    """Make the part that asks."""
    session = SimpleNamespace(sender=parts.sender())

    async def nothing(command: object, seconds: float) -> Any:
        raise AssertionError("nobody orders anything here")

    return Inquiries(
        parts.state,
        parts.recorder,
        parts.book,
        lambda agent: cast(Any, session if agent == AGENT else None),
        lambda agent: HOME_PATHS,
        cast(FilePort, None),
        nothing,
    )


def questions(parts: Parts) -> list[dict[str, Any]]:
    """Return what was asked."""
    assert parts.connection is not None
    return [json.loads(line) for line in parts.connection.fifo.split(b"\n") if line]


def names_in(place: Path) -> list[str]:
    """Return what is in a directory."""
    return [one.name for one in place.iterdir()]


async def asked(parts: Parts, count: int = 1) -> dict[str, Any]:
    """Let the question be written, and return it."""
    await asyncio.sleep(0.1)
    assert len(questions(parts)) == count
    return questions(parts)[-1]


async def test_the_answer_with_its_id_is_the_answer_and_no_other_one() -> None:
    parts = Parts()
    asking = asyncio.create_task(inquiries(parts).ask(AGENT, about.LAST_ANSWER))
    question = await asked(parts)
    assert question["type"] == "get_last_assistant_text"
    parts.hears(ev.Responded("somebody", question["type"], True, data={"text": "not this"}))
    parts.hears(ev.Responded(question["id"], question["type"], True, data={"text": "this"}))
    assert await asking == "this"


async def test_an_agent_that_says_no_or_nothing_is_said_to() -> None:
    parts = Parts()
    asker = inquiries(parts)
    asking = asyncio.create_task(asker.ask(AGENT, about.MODELS))
    question = await asked(parts)
    parts.hears(ev.Responded(question["id"], question["type"], False, "no keys"))
    with pytest.raises(Refused, match="builder does not say the models it can use: no keys"):
        await asking
    reading = asyncio.create_task(asker.ask(AGENT, about.MESSAGES))
    question = await asked(parts, 2)
    parts.hears(ev.Responded(question["id"], question["type"], True))
    with pytest.raises(Refused, match="too long to be read"):
        await reading
    began = parts.clock.now()
    with pytest.raises(TimedOut, match="did not say its statistics"):
        await asker.ask(AGENT, about.STATISTICS)
    assert parts.clock.now() - began == pytest.approx(ANSWER_LIMIT, abs=1.0)
    parts.hears(ev.Responded(questions(parts)[-1]["id"], "get_session_stats", True, data={}))


async def test_who_could_not_answer_is_not_asked() -> None:
    parts = Parts()
    asker = inquiries(parts)
    parts.state.put_vm(Vm(VM, Power.PAUSED, label="builder"))
    with pytest.raises(Refused, match="paused"):
        await asker.ask(AGENT, about.STATE)
    parts.state.put_vm(Vm(VM, Power.RUNNING, label="builder"))
    parts.state.put_agent(replace(parts.agent, version="0.73.1", program="pi"))
    with pytest.raises(Refused, match=r"pi 0\.73\.1 cannot be asked the tree"):
        await asker.ask(AGENT, about.TREE)
    assert await asker.levels(AGENT) == ("off", "minimal", "low", "medium", "high", "xhigh")
    with pytest.raises(NotFound):
        await asker.ask(AgentId("nobody"), about.STATE)
    assert not questions(parts), "and nothing was written"
    assert parts.connection is not None
    parts.connection.fails(Dropped("the connection is gone"))
    with pytest.raises(CockpitError, match="gone"):
        await asker.ask(AGENT, about.STATE)


async def test_slash_commands_are_kept_for_the_process_that_told_them() -> None:
    parts = Parts()
    asker = inquiries(parts)
    assert asker.known_commands(AGENT) is None
    asking = asyncio.create_task(asker.ask(AGENT, about.SLASH_COMMANDS))
    question = await asked(parts)
    listed = [{"name": "skill:tidy", "description": "Tidy up", "source": "skill"}]
    parts.hears(ev.Responded(question["id"], question["type"], True, data={"commands": listed}))
    told = (about.SlashCommand("skill:tidy", "Tidy up", "skill"),)
    assert await asking == told == asker.known_commands(AGENT)
    parts.hears(ev.DaemonStarted("another run", "pi"))
    assert asker.known_commands(AGENT) is None, "another process may have others"


async def test_another_conversation_is_asked_for_once(tmp_path: Path) -> None:
    parts = Parts()
    introduction = Introduction(parts.sender())
    parts.state.put_agent(replace(parts.agent, model="m"))
    await introduction.ask(parts.agent)
    assert not questions(parts), "all is known"
    parts.hears(ev.Responded("x", "fork", True, data={"cancelled": False, "text": "t"}))
    for _ in range(3):
        await introduction.ask(parts.agent)
    assert [one["type"] for one in questions(parts)] == ["get_state", "get_messages"]
    assert questions(parts)[1]["id"] == f"cockpit-conversation-{parts.agent.line}"
    parts.hears(ev.Responded("cockpit-state", "get_state", True, data={"sessionId": "s2", "sessionFile": "/s2"}))
    assert (parts.agent.conversation.id, parts.agent.conversation.file) == ("s2", "/s2")
    parts.hears(ev.Responded("y", "new_session", True, data={"cancelled": False}))
    await introduction.ask(parts.agent)
    assert len(questions(parts)) == 4


async def test_a_conversation_that_cannot_be_written_here_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(work: Callable[..., object], *words: object, **named: object) -> None:
        work(*words, **named)

    monkeypatch.setattr(asyncio, "to_thread", at_once)  # a thread has no part in a clock that jumps
    parts = Parts()
    asker = inquiries(parts)

    async def exported(to: Path) -> str:
        asked_before = len(questions(parts))
        exporting = asyncio.create_task(asker.export(AGENT, "markdown", to))
        for count in (1, 2):
            question = await asked(parts, asked_before + count)
            data = {"messages": [{"role": "user"}], "sessionName": "s"}
            parts.hears(ev.Responded(question["id"], question["type"], True, data=data))
        return await exporting

    (tmp_path / "there").mkdir()
    for place, named in ((tmp_path / "there", "there cannot be put in place"), (tmp_path / "no" / "file.md", "no")):
        with pytest.raises(Refused, match=named):
            await exported(place)
    assert names_in(tmp_path) == ["there"], "nothing is left behind"
    assert await exported(tmp_path / "file.md") == str(tmp_path / "file.md")
    assert (tmp_path / "file.md").read_text().startswith("# builder: s\n")
