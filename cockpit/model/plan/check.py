"""What should be better about a plan before it is created: sentences, each with the line of its task."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.model.plan.plan import Plan, PlanFault, PlanTask

LONGEST = 20.0
"""Minutes a task should take at most: an agent that goes astray is found after so long."""

MANY_PATHS, MANY_CRITERIA, MANY_WORDS, MANY_ANDS = 8, 8, 400, 3
"""Of a task that does not say how long it takes: beyond these it looks like more than one."""

INLINE = 2_000
"""Characters that are quoted in a task and should be a file it names."""

_FENCED = re.compile(r"^[ \t]*(```+|~~~+).*?^[ \t]*\1", re.MULTILINE | re.DOTALL)
_BY_WORD_OF_MOUTH = re.compile(
    r"\b(?:reply|answer|respond|report(?:\s+back)?|return|print|paste|send|post|tell\s+(?:me|us)|give\s+(?:me|us))\b"
    r"[^.\n]{0,60}\b(?:results?|list|table|code|content|contents|diff|patch|output|summary|findings|report|json|text"
    r"|answer|inline|message|chat|note)\b",
    re.IGNORECASE,
)
_INTO_A_FILE = re.compile(
    r"\b(?:in|into|to|as)\s+(?:the\s+|a\s+)?(?:file\b|[`'\"]?[\w./-]*[\w-]+\.\w{1,5}\b)", re.IGNORECASE
)


def findings(plan: Plan) -> tuple[PlanFault, ...]:
    """Return what should be better; nothing of it keeps the plan from being created."""
    awaited = {key for task in plan.tasks for key in task.after}
    found = [fault for task in plan.tasks for fault in _of_task(task, task.key in awaited)]
    return (*_of_plan(plan), *sorted(found, key=lambda fault: fault.line))


def _of_plan(plan: Plan) -> Iterator[PlanFault]:
    if len(plan.tasks) > 1 and all(len(task.after) == 1 for task in plan.tasks[1:]):
        chain = all(later.after == (before.key,) for before, later in zip(plan.tasks, plan.tasks[1:], strict=False))
        if chain and len(plan.tasks) > 2:
            yield PlanFault(0, "each task waits for the one before it: one agent alone will work at any time")


def _of_task(task: PlanTask, awaited: bool) -> Iterator[PlanFault]:
    called = repr(task.title[:80])
    if not task.paths:
        yield PlanFault(task.line, f"{called} names no paths: two agents may change the same files")
    if not task.accept:
        yield PlanFault(task.line, f"{called} has no acceptance criteria: nobody can tell that it is done")
    if reason := _looks_long(task):
        yield PlanFault(task.line, f"{called} looks longer than {LONGEST:g} minutes: {reason}")
    words = "\n".join((_FENCED.sub("", task.description), *task.accept))
    if awaited and (said := _by_word_of_mouth(words)):
        yield PlanFault(
            task.line,
            f"{called} hands its result over inline ({said!r}), and others wait for it: let it write a file",
        )
    quoted = sum(len(match[0]) for match in _FENCED.finditer(task.description))
    if quoted > INLINE:
        yield PlanFault(task.line, f"{called} quotes {quoted} characters: put them into a file, and name that")


def _looks_long(task: PlanTask) -> str:
    if task.minutes:
        return f"it says {task.minutes:g}" if task.minutes > LONGEST else ""
    ands = len(re.findall(r"\band\b|&|,|;", task.title, re.IGNORECASE))
    signs = (
        (ands >= MANY_ANDS, "its title names several things"),
        (len(task.paths) > MANY_PATHS, f"it names {len(task.paths)} paths"),
        (len(task.accept) > MANY_CRITERIA, f"it has {len(task.accept)} acceptance criteria"),
        (len(task.description.split()) > MANY_WORDS, f"its description has {len(task.description.split())} words"),
    )
    return next((f"{words}, and no `minutes:`" for sign, words in signs if sign), "")


def _by_word_of_mouth(text: str) -> str:
    """Return the words by which a task is told to hand its result over in what it says, or empty text."""
    for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
        match = _BY_WORD_OF_MOUTH.search(sentence)
        if match is not None and not _INTO_A_FILE.search(sentence):
            return " ".join(match[0].split())[:60]
    return ""
