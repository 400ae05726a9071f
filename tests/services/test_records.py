"""Log, journal, reports and ledger: the recorded answers are read, quirks are lived with, texts are sent as wanted."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.services.errors import RecordNotFound, RequestRefused, ServiceBroken, ServiceError, ServiceMissing
from cockpit.services.http import ServiceHttp
from cockpit.services.journal import JournalClient
from cockpit.services.ledger import LedgerClient
from cockpit.services.log import LogClient
from cockpit.services.reports import ReportsClient
from tests.services.replay import replaying, sending, serving

REPORT = "01M7WTW7EDJYCJSNXJDV3TPMPQ"
LINK = "01M7WTW7EGJDBX51VKA1YS9NV3"
NOON_1970 = "1970-01-01T12:00:00.000Z"


async def test_the_log_is_read_and_written() -> None:
    listed = await LogClient(replaying("log", "GET /log")).entries()
    assert [(entry.agent, entry.text.count("\n")) for entry in listed.entries] == [
        ("coordinator", 0),
        ("coordinator", 1),
        ("", 0),
    ]
    assert (listed.unreadable, round(listed.as_of - listed.entries[0].at)) == (0, 1)
    assert len((await LogClient(replaying("log", "GET /log?last=8h")).entries(last="8h")).entries) == 3
    http, sent = sending("log", 0)
    assert (await LogClient(http).write("Session started.", "operator")).id == "01M7WTW7CZ073248WKMG179EGT"
    assert (sent[0].url.path, json.loads(sent[0].content)) == (
        "/log",
        {"text": "Session started.", "agent": "operator"},
    )


async def test_the_journal_is_read_and_written() -> None:
    http = replaying("journal", "GET /journal?author=COORDINATOR&tag=Process")
    (entry,) = (await JournalClient(http).entries(author="COORDINATOR", tag="Process")).entries
    assert (entry.author, entry.mood, entry.tags) == ("coordinator", "calm", ("process", "sprint-1"))
    http, sent = sending("journal", 0)
    await JournalClient(http).write("Calmer.", "operator")
    assert json.loads(sent[0].content) == {"text": "Calmer.", "author": "operator"}


async def test_reports_are_read_with_their_content() -> None:
    (listed,) = (await ReportsClient(replaying("reports", "GET /reports")).entries()).entries
    assert (listed.title, listed.tags, listed.content) == ("Sprint 1 recap", ("sprint-1", "recap"), None)
    report = await ReportsClient(replaying("reports", f"GET /reports/{REPORT}")).report(REPORT)
    assert report.content is not None and report.content.startswith("# Sprint 1\n")
    with pytest.raises(RecordNotFound, match="report not found"):
        await ReportsClient(replaying("reports", "GET /reports/none")).report("none")


async def test_a_report_is_shared_and_the_link_revoked_once() -> None:
    http, sent = sending("reports.share", 0)
    link = await ReportsClient(http).share(REPORT, "operator", label="for the stand-up", expires_at=4070908800.0)
    assert (link.id, link.url) == (LINK, f"http://127.0.0.1:3900/reports/share/{LINK}")
    assert sent[0].headers["x-forwarded-proto"] == "http", "the server makes https of it otherwise"
    assert json.loads(sent[0].content) == {
        "createdBy": "operator",
        "label": "for the stand-up",
        "expiresAt": "2099-01-01T00:00:00.000Z",
    }
    (known,) = (await ReportsClient(replaying("reports.share", f"GET /reports/{REPORT}/shares")).shares(REPORT)).entries
    assert (known.opened, known.revoked, known.expires_at, known.label) == (1, False, 4070908800.0, "for the stand-up")
    assert known.url == f"http://services.test/reports/share/{LINK}"
    opened = await ReportsClient(replaying("reports.share", f"GET /reports/share/{LINK}/access")).opened(LINK)
    assert [(one.address, one.browser) for one in opened.entries] == [("", "")], "both are null"
    await ReportsClient(sending("reports.share", 3)[0]).revoke(LINK)
    with pytest.raises(RequestRefused, match="link already revoked"):
        await ReportsClient(sending("reports.share", 4)[0]).revoke(LINK)


@pytest.mark.parametrize(("revoked", "is_so"), [(0, False), (1, True), (True, True), (None, False), ("0", False)])
async def test_a_link_is_revoked_by_a_number(revoked: object, is_so: bool) -> None:
    body = {"links": [{"linkId": "x", "revoked": revoked, "expiresAt": None, "label": None}]}
    (link,) = (await ReportsClient(serving(body)).shares("r")).entries
    assert (link.revoked, link.expires_at, link.label) == (is_so, 0.0, "")


async def test_the_ledger_is_read_and_written_once() -> None:
    ledger = LedgerClient(replaying("commits", "GET /commits?tag=golden"))
    (entry,) = (await ledger.entries(tag="golden")).entries
    assert (entry.commit[:8], entry.label, entry.tags, entry.metadata) == (
        "c0ffee00",
        "golden-v5",
        ("golden", "stable"),
        '{"node": "20"}',
    )
    http, sent = sending("commits", 1)
    with pytest.raises(RequestRefused, match="commit already recorded") as refused:
        await LedgerClient(http).write("c0ffee00", "7d1c", tags=["a"])
    assert refused.value.status == 409
    assert json.loads(sent[0].content) == {"commitId": "c0ffee00", "vmId": "7d1c", "tags": ["a"]}


async def test_a_reef_s_ledger_has_other_words_for_its_times() -> None:
    body = {"commits": [{"commitId": "c", "createdAt": 43_200_000, "tags": []}]}
    (entry,) = (await LedgerClient(serving(body)).entries()).entries
    assert entry.at == 43_200.0


Look = Callable[[ServiceHttp], Awaitable[object]]
LOOKS: list[tuple[str, Look]] = [
    ("read the work log", lambda http: LogClient(http).entries()),
    ("read the journal", lambda http: JournalClient(http).entries()),
    ("list the reports", lambda http: ReportsClient(http).entries()),
    ("read the ledger of commits", lambda http: LedgerClient(http).entries()),
]


@pytest.mark.parametrize(("what", "look"), LOOKS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, text="404 Not Found"), ServiceMissing),
        (httpx.Response(404, json={"error": "not found"}), ServiceMissing),
        (httpx.Response(500, text="Internal Server Error"), ServiceBroken),
        (httpx.Response(200, text=""), ServiceBroken),
        (httpx.Response(200, json={"count": 0}), ServiceBroken),
    ],
)
async def test_texts_where_json_was_promised_are_explained(
    what: str, look: Look, answer: httpx.Response, kind: type[ServiceError]
) -> None:
    http = ServiceHttp("http://services.test", "t", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(kind, match=f"could not {what}"):
        await look(http)


WORDS = st.none() | st.text(max_size=5) | st.integers() | st.lists(st.none() | st.text(max_size=5), max_size=3)


@given(tags=WORDS, text=WORDS, author=WORDS, at=WORDS)
async def test_whatever_stands_in_a_field_the_entry_is_shown(
    tags: object, text: object, author: object, at: object
) -> None:
    entry = {"id": "x", "tags": tags, "text": text, "author": author, "timestamp": at, "mood": at}
    listed = await JournalClient(serving({"entries": [entry, {"text": "no id"}], "count": 9})).entries()
    assert (len(listed.entries), listed.unreadable) == (1, 1)
    assert all(isinstance(tag, str) for tag in listed.entries[0].tags)
