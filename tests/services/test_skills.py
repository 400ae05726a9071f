"""SkillHub's client: recorded answers, versions that agents have, and a stream of which nothing comes twice."""

from __future__ import annotations

import json
from contextlib import aclosing

import httpx
import pytest

from cockpit.model.shared.skills import SharedKind, SkillChange, Version
from cockpit.services.errors import RecordNotFound, ServiceBroken
from cockpit.services.http import ServiceHttp
from cockpit.services.skills import SkillsClient
from tests.embedded.api.captures import DIRECTORY
from tests.services.replay import replaying, sending, serving


async def test_skills_and_extensions_are_listed_with_their_content() -> None:
    skills = SkillsClient(replaying("skills.items", "GET /skills/items"))
    listed = await skills.items(SharedKind.SKILL)
    assert [(item.name, item.version, item.enabled, item.tags) for item in listed.entries] == [
        ("handoff", 1, False, ("process", "lt")),
        ("triage", 2, True, ("process",)),
    ]
    assert listed.entries[1].content.startswith("# Triage")
    body = {"extensions": [{"name": "hello-ext", "version": 1, "content": "// x\n", "enabled": True}], "count": 1}
    (extension,) = (await SkillsClient(serving(body)).items(SharedKind.EXTENSION)).entries
    assert (extension.kind, extension.name, extension.tags) == (SharedKind.EXTENSION, "hello-ext", ())


async def test_what_is_published_comes_back_with_its_version() -> None:
    http, sent = sending("skills.items", 1)
    made = await SkillsClient(http).publish(
        SharedKind.SKILL, "triage", "How to triage a blocked task", "# Triage\n\nAsk one question at a time.\n", "me"
    )
    assert (made.version, made.tags) == (2, ("process",))
    assert "tags" not in json.loads(sent[0].content), "what is not said stays as it is"
    http, sent = sending("skills.extensions", 0)
    made = await SkillsClient(http).publish(SharedKind.EXTENSION, "hello-ext", "Example", "// x\n", "me", tags=["t"])
    assert (made.version, sent[0].url.path) == (1, "/skills/extensions")
    assert "tags" not in json.loads(sent[0].content), "extensions have none"


async def test_a_skill_is_switched_and_an_extension_is_published_anew_for_it() -> None:
    http, sent = sending("skills.items", 2)
    assert not (await SkillsClient(http).enable("handoff", False)).enabled
    assert (sent[0].method, json.loads(sent[0].content)) == ("PATCH", {"enabled": False})
    body = {"name": "a/b", "version": 3, "enabled": "false", "content": "x"}
    item = await SkillsClient(serving(body)).item(SharedKind.EXTENSION, "a/b")
    assert not item.enabled
    http, sent = sending("skills.extensions", 0)
    await SkillsClient(http).enable_extension(item, True, "me")
    assert json.loads(sent[0].content) == {
        "name": "a/b",
        "description": "a/b",
        "content": "x",
        "publishedBy": "me",
        "enabled": True,
    }


async def test_the_manifest_and_who_has_what() -> None:
    skills, extensions = await SkillsClient(replaying("skills.sync", "GET /skills/manifest")).manifest()
    assert (skills, extensions) == ((Version("triage", 2),), (Version("hello-ext", 1),))
    (agent,) = (await SkillsClient(replaying("skills.sync", "GET /skills/agents")).agents()).entries
    assert (agent.agent, agent.vm_id[:8], [one.name for one in agent.skills]) == (
        "worker-auth",
        "0f9e8d7c",
        ["triage", "gone"],
    )


async def test_both_lists_are_always_sent_since_one_that_is_missing_breaks_the_server() -> None:
    http, sent = sending("skills.sync", 1)
    updates = await SkillsClient(http).sync("worker-auth", [Version("triage", 1), Version("gone", 3)], [], vm_id="v")
    assert [(one.name, one.action) for one in updates] == [
        ("triage", "update"),
        ("gone", "remove"),
        ("hello-ext", "install"),
    ]
    body = json.loads(sent[0].content)
    assert (body["extensions"], body["skills"][0], body["vmId"]) == ([], {"name": "triage", "version": 1}, "v")
    http, _ = sending("skills.sync", 3)
    with pytest.raises(ServiceBroken, match="part of it may have been done"):
        await SkillsClient(http).sync("worker-x", [], [])


@pytest.mark.parametrize("held", [None, "all", {"name": "x"}, [None, 3, {"version": 1}, {"name": 7}]])
async def test_lists_of_versions_that_are_none_are_empty(held: object) -> None:
    (agent,) = (await SkillsClient(serving({"agents": [{"agentId": "a", "skills": held}]})).agents()).entries
    assert (agent.skills, agent.extensions, agent.last_sync) == ((), (), 0.0)


async def test_an_unknown_skill_is_a_record_that_is_not_there() -> None:
    with pytest.raises(RecordNotFound, match="read skill none"):
        await SkillsClient(replaying("skills.items", "GET /skills/items/none")).item(SharedKind.SKILL, "none")


async def test_the_recorded_stream_over_a_break_gives_each_change_once() -> None:
    recorded = (DIRECTORY / "skills.stream.body.txt").read_bytes()
    half = recorded[: recorded.index(b"update")]
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        # The first one breaks in the middle of a frame, the second begins with what was seen.
        return httpx.Response(200, content=half if len(asked) == 1 else b": heartbeat\n\nno frame\n\n" + recorded)

    async def rest(_seconds: float) -> None:
        return

    reports: list[tuple[bool, str]] = []
    changes: list[SkillChange] = []
    http = ServiceHttp("http://services.test", "t", transport=httpx.MockTransport(handle))
    client = SkillsClient(http, rest=rest, jitter=lambda: 0.0)
    async with aclosing(client.follow(report=lambda up, why: reports.append((up, why)))) as stream:
        async for change in stream:
            changes.append(change)
            if len(changes) == 6:
                break
    assert [(one.name, one.version, one.action) for one in changes] == [
        ("retro", 1, "publish"),
        ("retro", 1, "disable"),
        ("retro", 1, "enable"),
        ("retro", 2, "update"),
        ("retro", 2, "remove"),
        ("hello-ext", 2, "update"),
    ]
    assert asked[0] == "" and asked[1].startswith("since=01M7WTY")
    assert reports == [(True, ""), (False, "the server ended the stream"), (True, "")]
