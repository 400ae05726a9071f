"""What a program that prints lines seems to be at, guessed from patterns; part of the program on the VM.

Records come out, one for each thing that happened: what was printed and written as it was, the rest as a guess.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from cockpit.agents.lines.patterns import Patterns, seen

STILL = 0.15
"""Seconds after which a line without an end is taken for a prompt or a question: it may have been on its way."""

SHOWN_AFTER = 1.0
"""Seconds after which such a line is shown, whatever it is."""

READY_LIMIT = 10.0
"""Seconds from the start until the program counts as ready although its prompt was not seen."""

ABORT_SILENCE = 2.0
"""Seconds of silence after an interrupt that count as its end."""

MOST_UNFINISHED = 65_536
"""Characters of a line without an end that are held."""

MOST_ANSWER = 1_000_000
"""Characters of an answer that are kept: its last ones."""

BATCH = 65_536
"""Characters of lines that are told in one record."""


class Guess:
    """What the program seems to be at, as records: pure but for the patterns, times are given."""

    def __init__(self, patterns: Patterns, quiet: float, echoes: bool = False, process: str = "") -> None:
        """Begin with nothing seen.

        Args:
            patterns: what lines mean.
            quiet: seconds of silence that end a run.
            echoes: the program repeats what it reads.
            process: what tells this process of the agent from its others: answers are remembered by question.
        """
        self._named = f"question-{process}-" if process else "question-"
        self._patterns = patterns
        self._quiet = quiet
        self._echoes = echoes
        self.records: deque[dict[str, Any]] = deque()
        """What is to be said, in order."""
        self.run_open = False
        self.ready = not patterns.has("prompt")
        """It reads, as far as anyone can tell: before that nothing should be written to it."""
        self._owed = 0
        """Texts that were taken, and whose end was not seen."""
        self._question = ""
        self._questions = 0
        self._aborts: list[str] = []
        self._states: list[str] = []
        self._answer: list[str] = []
        self._held = 0
        self._cut = False
        self._number = 0
        self._expected: deque[str] = deque()
        self._rest = ""
        self._shown = 0
        self._looked = False
        self._since = 0.0
        """When the program printed last, or was written to."""

    # --- what the operator says ----------------------------------------------------------------------

    def took(self, command_id: str, now: float) -> None:
        """Take a prompt: it will be written."""
        self._respond(command_id, "prompt", None if self.run_open else {"disposition": "started"})
        self._begin()
        self._owed += 1
        self._since = now

    def written(self, text: str, now: float) -> None:
        """Note that a prompt is with the program, as far as a writer can know."""
        self._say("written", text=text)
        self._since, self._looked = now, False

    def expects(self, text: str) -> None:
        """Note what was written, which a program that echoes will repeat."""
        if self._echoes:
            self._expected.extend(line for line in text.split("\n") if line.strip())

    def answers(self, command_id: str, dialog: str, now: float) -> bool:
        """Take an answer; False if that question is no longer open."""
        if not self._question or dialog != self._question:
            self._respond(command_id, "answer", error="that question is no longer open")
            return False
        self._question = ""
        self._respond(command_id, "answer")
        self._since = now
        return True

    def aborts(self, command_id: str, now: float) -> bool:
        """Take an abort; False if nothing runs as far as anyone can tell: then nothing is interrupted."""
        if not self.run_open:
            self._respond(command_id, "abort")
            return False
        self._aborts.append(command_id)
        self._since = now
        return True

    def asked(self, command_id: str) -> None:
        """Take the question what it is at; answered once the program is ready."""
        self._states.append(command_id)
        self._tell_state()

    # --- what the program does -----------------------------------------------------------------------

    def printed(self, text: str, now: float) -> None:
        """Take what came from the program."""
        self._since, self._looked = now, False
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()
        for line in lines:
            self._line(line)
        while len(self._rest) > MOST_UNFINISHED:
            self._show(self._rest[self._shown : MOST_UNFINISHED])
            self._rest, self._shown = self._rest[MOST_UNFINISHED:], 0

    def passed(self, now: float) -> None:
        """Let time pass."""
        still = now - self._since
        if still >= STILL and not self._looked:
            self._looked = True
            self._look()
        if still >= SHOWN_AFTER and len(self._rest) > self._shown:
            self._show(self._rest[self._shown :])
            self._shown = len(self._rest)
        if not self.ready and now >= READY_LIMIT:
            self.ready = True
            self._say("notice", level="warning", text="its prompt was not seen: it counts as ready all the same")
            self._tell_state()
        if not self.run_open:
            return
        limit = self._silence
        if limit is not None and still >= limit:
            self._finish("silence")

    def next_look(self, now: float) -> float:
        """Return the seconds until time alone may change something; at most a minute."""
        still, waits = now - self._since, [60.0]
        if not self._looked:
            waits.append(STILL - still)
        if len(self._rest) > self._shown:
            waits.append(SHOWN_AFTER - still)
        if not self.ready:
            waits.append(READY_LIMIT - now)
        limit = self._silence
        if self.run_open and limit is not None:
            waits.append(limit - still)
        return max(0.01, min(waits))

    def ended(self) -> None:
        """Note that the program is gone: what it printed last is shown."""
        if self._rest:
            self._line(self._rest, end="")
            self._rest, self._shown = "", 0

    # --- guessing ------------------------------------------------------------------------------------

    @property
    def _silence(self) -> float | None:
        """The seconds of silence that count as the end of a run; None where only what it prints does."""
        if self._aborts:
            return ABORT_SILENCE
        return None if self._signs or self._question else self._quiet

    @property
    def _signs(self) -> bool:
        """Whether something it prints can say that it is done."""
        return self._patterns.has("done") or self._patterns.has("prompt")

    def _line(self, line: str, end: str = "\n") -> None:
        shown, self._shown = self._shown, 0
        self._number += 1
        if self._expected and seen(line).endswith(self._expected[0]):
            self._expected.popleft()
            return
        self._show(line[shown:] + end)
        if self._patterns.matches("asking", line):
            self._ask(line)
        if self._patterns.matches("done", line):
            if self.run_open:
                self._finish("pattern")
        elif not self.run_open and self._patterns.matches("working", line):
            self._begin()

    def _look(self) -> None:
        """Judge a line that has no end."""
        if not self._rest:
            return
        if self._patterns.matches("prompt", self._rest):
            self._rest, self._shown = "", 0
            if self.ready and self.run_open:
                self._finish("prompt")
            self.ready = True
            self._tell_state()
        elif self._patterns.matches("asking", self._rest):
            self._show(self._rest[self._shown :] + "\n")
            asked, self._rest, self._shown = self._rest, "", 0
            self._ask(asked)

    def _show(self, text: str) -> None:
        last = self.records[-1] if self.records else None
        if last is not None and last["type"] == "printed" and last["text"].endswith("\n") and len(last["text"]) < BATCH:
            last["text"] += text
        else:
            self._say("printed", text=text, line=self._number)
        if self.run_open:
            self._answer.append(text)
            self._held += len(text)
            while self._held > MOST_ANSWER and len(self._answer) > 1:
                self._held -= len(self._answer.pop(0))
                self._cut = True

    def _ask(self, line: str) -> None:
        self._begin()
        if not self._question:
            self._questions += 1
        self._question = f"{self._named}{self._questions}"
        self._say("asks", id=self._question, text=seen(line).strip())

    def _begin(self) -> None:
        if not self.run_open:
            self.run_open = True
            self._say("began")

    def _finish(self, sign: str) -> None:
        aborted = bool(self._aborts)
        self._owed = max(0, self._owed - 1) if sign != "silence" else 0
        reason = "aborted" if aborted else "silent" if sign == "silence" else "length" if self._cut else "stop"
        self._say("answer", text="".join(self._answer), reason=reason, sign=sign)
        self._answer, self._held, self._cut = [], 0, False
        self._question = ""
        if self._owed and not aborted:
            return
        self._owed = 0
        self.run_open = False
        self._say("settled", aborted=aborted)
        for command_id in self._aborts:
            self._respond(command_id, "abort")
        self._aborts.clear()

    def _tell_state(self) -> None:
        while self.ready and self._states:
            data = {"isStreaming": self.run_open, "isCompacting": False}
            self._respond(self._states.pop(0), "get_state", data)

    def _respond(self, command_id: str, command: str, data: Any = None, error: str = "") -> None:
        self._say("response", id=command_id, command=command, success=not error, error=error, data=data)

    def _say(self, kind: str, **fields: Any) -> None:
        self.records.append({"type": kind, **fields})
