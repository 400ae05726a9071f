"""What an entry of the registry means, what a skill's head says, and what is refused before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.commands.shared import (
    EnableItem,
    PublishItem,
    RecordCommit,
    RegisterEntry,
    SharedCommand,
    ShareReport,
    SyncItems,
    WriteLog,
    WriteReport,
)
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.shared import to_services
from cockpit.model.shared.front_matter import first_comment, front_matter
from cockpit.model.shared.registered import STALE_AFTER, Liveness, Registered, liveness
from cockpit.model.shared.skills import AgentSkills, SharedItem, SharedKind, Version
from cockpit.services import vocabularies


@pytest.mark.parametrize(
    ("status", "role", "age", "life"),
    [
        ("running", "worker", 0.0, Liveness.ALIVE),
        ("running", "worker", 300.0, Liveness.ALIVE),
        ("running", "worker", 300.1, Liveness.LOST),
        ("running", "worker", None, Liveness.LOST),
        ("running", "infra", 9e9, Liveness.SILENT),
        ("running", "golden", None, Liveness.SILENT),
        ("stopped", "worker", 299.0, Liveness.IDLE),
        ("stopped", "worker", 301.0, Liveness.ENDED),
        ("paused", "worker", 9e9, Liveness.PAUSED),
        ("hibernating", "worker", 1.0, Liveness.UNKNOWN),
        ("", "", None, Liveness.UNKNOWN),
    ],
)
def test_what_an_entry_means(status: str, role: str, age: float | None, life: Liveness) -> None:
    assert liveness(status, role, age) is life
    entry = Registered("v", "n", role, status, life, age)
    assert entry.stale == (age is None or age > STALE_AFTER)


def test_five_minutes_are_the_same_for_whoever_reads_and_whoever_serves() -> None:
    assert STALE_AFTER == vocabularies.STALE_AFTER


@pytest.mark.parametrize(
    ("text", "texts", "lists"),
    [
        ("---\nname: a\ndescription: b c\n---\nx", {"name": "a", "description": "b c"}, {}),
        ("---\r\nname: 'it''s'\r\ntags: [x, \"y z\"]\r\n---\r\n", {"name": "it's"}, {"tags": ("x", "y z")}),
        ("---\ntags:\n  - x\n  - y # no\nname: n\n---", {"name": "n"}, {"tags": ("x", "y")}),
        ("---\ntags:\n- x\n- y\n---", {}, {"tags": ("x", "y")}),
        ("---\ndescription: >\n  one\n  two\nname: n\n---", {"description": "one two", "name": "n"}, {}),
        ("---\ndescription: |\n  one\n  two\n---", {"description": "one\ntwo"}, {}),
        ("---\ndescription: one\n  two\n---", {"description": "one two"}, {}),
        ("\ufeff---\nurl: http://x#y\n---", {"url": "http://x#y"}, {}),
        ("---\n---\n", {}, {}),
    ],
)
def test_heads_of_skills(text: str, texts: dict[str, str], lists: dict[str, tuple[str, ...]]) -> None:
    head = front_matter(text)
    assert head is not None and (dict(head.texts), dict(head.lists)) == (texts, lists)


@pytest.mark.parametrize("text", ["", "# x\n---\nname: a\n---", "---\nname: a\n", " ---\nname: a\n---"])
def test_what_has_no_head(text: str) -> None:
    assert front_matter(text) is None


@given(st.text())
def test_any_text_is_read_without_harm(text: str) -> None:
    head = front_matter(f"---\n{text}\n---\n")
    assert head is not None
    assert all(isinstance(value, str) for value in (*head.texts.values(), first_comment(text)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("// Says hello\nx", "Says hello"),
        ("/**\n * Does much.\n */\n", "Does much."),
        ("/** Does much. */\n", "Does much."),
        ("#!/usr/bin/env node\n// It\n", "It"),
        ("import x\n// no\n", ""),
        ("", ""),
    ],
)
def test_what_an_extension_says_of_itself(text: str, said: str) -> None:
    assert first_comment(text) == said


ITEM = SharedItem(SharedKind.SKILL, "a", 2, "d", "c", "me", 0.0, 0.0)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (PublishItem(SharedKind.SKILL, "../etc", "d", "c"), RefusalCode.BAD_NAME),
        (PublishItem(SharedKind.SKILL, "..", "d", "c"), RefusalCode.BAD_NAME),
        (PublishItem(SharedKind.SKILL, "a", " ", "c"), RefusalCode.NO_TEXT),
        (PublishItem(SharedKind.SKILL, "a", "d", "\n"), RefusalCode.NO_TEXT),
        (PublishItem(SharedKind.SKILL, "a", "d", "c"), None),
        (EnableItem(ITEM, True), RefusalCode.ALREADY),
        (EnableItem(ITEM, False), None),
        (WriteLog(" "), RefusalCode.NO_TEXT),
        (WriteReport("t", ""), RefusalCode.NO_TEXT),
        (ShareReport("r", "", -1.0), RefusalCode.BAD_NUMBER),
        (RecordCommit("", "v"), RefusalCode.NO_COMMIT),
        (RegisterEntry("v", "n", "boss", "a"), RefusalCode.BAD_NAME),
        (RegisterEntry("v", "n", "worker", "a", "gone"), RefusalCode.BAD_NAME),
        (RegisterEntry("v", "", "worker", "a"), RefusalCode.BAD_NAME),
        (RegisterEntry("v", "n", "worker", "a"), None),
        (SyncItems(AgentId("nobody")), RefusalCode.NO_AGENT),
    ],
)
def test_what_is_refused(command: SharedCommand, code: RefusalCode | None) -> None:
    refused = to_services(command, Fleet())
    assert (refused.code if refused is not None else None) == code


def test_which_version_an_agent_has() -> None:
    agent = AgentSkills("w", "v", (Version("a", 1),), (Version("a", 7),))
    assert agent.has(ITEM) == 1
    assert AgentSkills("w").has(ITEM) == 0
