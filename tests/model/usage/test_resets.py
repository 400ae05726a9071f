"""Reset times in the words of providers: each form is read, none is invented, hostile text does no harm."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.usage.resets import LONGEST, reset_of

SAID = datetime(2026, 11, 29, 12, 30, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ('429 {"type":"error"} retry-after: 120', 120),
        ("Rate limited. Retry-After=7.5", 7.5),
        ('{"retry_after_ms": 1500}', 1.5),
        (
            "Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000. "
            "Please try again in 6m0s. Visit https://platform.openai.com",
            360,
        ),
        ("Please try again in 1.284s.", 1.284),
        ("Please try again in 20ms", 0.02),
        ('"retryDelay": "34.5s"', 34.5),
        ("You have hit your ChatGPT usage limit (plus plan). Try again in ~23 min.", 23 * 60),
        ("Try again in 3 hours and 5 minutes", 3 * HOUR + 300),
        ("5-hour limit reached; resets in 2h 15m", 2.25 * HOUR),
        ("retry after 30 seconds", 30),
        ("Quota exceeded, wait for 2 days", 48 * HOUR),
        (f"Claude AI usage limit reached|{int(SAID) + 900}", 900),
        (f"x-ratelimit-reset: {int(SAID) + 60}", 60),
        (f'{{"resetsAt": {(int(SAID) + 61) * 1000}}}', 61),
        ("limit resets at 2026-11-29T15:00:00Z", 2.5 * HOUR),
        ("quota will reset after 2026-11-29T16:00:00+01:00", 2.5 * HOUR),
        ("try again after 2026-11-29 15:00 UTC", 2.5 * HOUR),
        ("retry-after: Sun, 29 Nov 2026 13:00:00 GMT", 0.5 * HOUR),
        ("5-hour limit reached ∙ resets 3pm (UTC)", 2.5 * HOUR),
        ("You've hit your limit · resets 12:15 am (UTC)", 11.75 * HOUR),
        ("resets at 3:30 PM UTC", 3 * HOUR),
        ("Your limit resets at 08:00 UTC", 19.5 * HOUR),
        ("resets Dec 1, 9am (UTC)", 44.5 * HOUR),
    ],
)
def test_each_form_is_read(words: str, after: float) -> None:
    until = reset_of(words, SAID)
    assert until is not None
    assert until == pytest.approx(SAID + after, abs=0.01)


def test_a_clock_has_its_zone() -> None:
    until = reset_of("usage limit · resets 3pm (America/New_York)", SAID)
    wanted = datetime(2026, 11, 29, 15, tzinfo=ZoneInfo("America/New_York"))
    assert until == wanted.timestamp()
    assert reset_of("usage limit · resets 3pm (Nowhere/Land)", SAID) is None


def test_a_clock_without_a_zone_is_local() -> None:
    here = datetime.fromtimestamp(SAID)
    later = (here + timedelta(hours=2)).replace(minute=0, second=0)
    assert reset_of(f"resets at {later:%I:%M %p}", SAID) == later.timestamp()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "rate limit exceeded",
        "error 429 at line 3000000000 of file",
        "resets at some point",
        "resets 13pm",
        "resets at 25:99",
        "retry-after: 0",
        "retry-after: 99999999999",
        "try again in 400 days",
        "resets Feb 30, 9am (UTC)",
        f"limit reached|{int(SAID) - 5}",
        "resets 3pm (../../etc/passwd)",
        "reset the password 2026-13-45T99:99:99Z",
    ],
)
def test_nothing_is_invented(words: str) -> None:
    assert reset_of(words, SAID) is None


FRAGMENTS = st.sampled_from(
    [
        "retry",
        "after",
        "in ",
        "resets",
        " at ",
        "3pm",
        "again",
        "1h",
        "2m",
        "9" * 40,
        "|",
        ":",
        "-",
        "(",
        "UTC",
        "\x1b[",
    ]
)


@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=40).map("".join), st.floats(0, 4e9))
def test_whatever_is_said_the_answer_is_in_bounds(words: str, said: float) -> None:
    until = reset_of(words, said)
    assert until is None or said < until <= said + LONGEST


@pytest.mark.parametrize(
    "piece", ["try again in 1h ", "retry ", "9", "resets at ", "1s", "reset\u200b", "again in 1s1s"]
)
def test_long_text_takes_no_long_time(piece: str) -> None:
    began = time.process_time()
    reset_of(piece * 200_000, SAID)
    assert time.process_time() - began < 1.0
