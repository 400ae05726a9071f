"""The exit codes of every verb, and what each means."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script learns of a verb's end."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_SUCH = 3
    TIMED_OUT = 4
    PARTIAL = 5


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed or a filter matched nothing",
    ExitCode.USAGE: "wrong usage",
    ExitCode.NO_SUCH: "no such agent or VM (or it is gone)",
    ExitCode.TIMED_OUT: "timed out",
    ExitCode.PARTIAL: "a part of the answer is missing (standard error says which)",
}
"""As `--help` and the README say it."""


def of_several(done: int, asked: int) -> ExitCode:
    """Return how an act upon several ends: done, done in part, or failed."""
    if done >= asked:
        return ExitCode.DONE
    return ExitCode.PARTIAL if done else ExitCode.FAILED


def table() -> str:
    """Return the exit codes as lines for a help page."""
    return "Exit codes:\n" + "\n".join(f"  {code:d}  {meaning}" for code, meaning in MEANINGS.items())
