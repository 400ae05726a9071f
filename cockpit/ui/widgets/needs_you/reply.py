"""Judges the keys that are pressed for what is asked: too early, unread, to be said twice, or taken."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.inbox.caution import WITHIN
from cockpit.ui.widgets.needs_you.sight import Sight


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a key."""

    taken: bool
    said: str = ""
    """Why it is not taken, or what is to be done first."""


TAKEN = Verdict(True)


class KeyJudge:
    """Keys for one question after another."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._armed: tuple[str, str] | None = None
        """The question and the key that was pressed once."""
        self._armed_at = 0.0

    def armed_for(self, question: str) -> str:
        """Return the key of a question that is to be pressed once more, or empty text."""
        armed = self._armed[1] if self._armed is not None and self._armed[0] == question else ""
        return armed.split(" ", 1)[0]

    def disarm(self) -> None:
        """Forget what was pressed once."""
        self._armed = None

    def judge(
        self, question: str, key: str, at: float, *, harmless: bool, ended: bool, warning: str, meant: str = ""
    ) -> Verdict:
        """Say whether a key answers.

        Args:
            question: what tells this question from every other, in all of its words.
            key: the key.
            at: when it was read (monotonic seconds).
            harmless: it can let nothing happen.
            ended: all of the question was shown, also its end.
            warning: what it would do that is to be said twice.
            meant: key and answer, where the key alone does not say it.
        """
        meant = meant or key
        if lacks := self._sight.lacks(at):
            return Verdict(False, lacks)
        if harmless:
            return TAKEN
        if not ended:
            return Verdict(False, "its end was not shown yet: pgdn, then press again")
        if warning and not (self._armed == (question, meant) and at - self._armed_at <= WITHIN):
            self._armed, self._armed_at = (question, meant), at
            return Verdict(False, f"it {warning}: press {key} once more")
        self.disarm()
        return TAKEN
