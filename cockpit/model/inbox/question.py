"""A question as it is put to the operator: all its words, the keys that answer it, the digest an answer carries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cockpit.model.commands.agent import Answer

if TYPE_CHECKING:
    from cockpit.model.extensions import DialogRequested
    from cockpit.model.ids import AgentId

DIGITS = "123456789"
"""Keys for options; what has more is answered from a list."""

YES, NO = "y", "n"


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """A key that answers a question."""

    key: str
    label: str
    """What it answers, in the asker's own words; `yes` and `no` where it gave none."""
    value: str | None = None
    confirmed: bool | None = None
    also: str = ""
    """Another key for the same: `y` for the plain yes among options, `n` for the plain no."""

    @property
    def refuses(self) -> bool:
        """Whether it can let nothing happen: it is the plain no."""
        return self.confirmed is False or self.also == NO


def digest_of(request: DialogRequested) -> str:
    """Return a digest of a question with its id: of two that differ in anything that is shown it is another."""
    shown = (
        request.dialog_id,
        request.method,
        request.title,
        request.message,
        request.options,
        request.placeholder,
        request.prefill,
    )
    # As ASCII, for foreign words may hold halves of surrogate pairs.
    return hashlib.sha256(ascii(shown).encode()).hexdigest()[:24]


def words_of(request: DialogRequested) -> str:
    """Return all that is asked, the options apart; several lines."""
    said = [part for part in (request.title, request.message) if part.strip()]
    if request.method == "editor" and request.prefill.strip():
        said.append(request.prefill)
    return "\n".join(said) or request.method


def command_in(request: DialogRequested) -> str:
    """Return everything of a question in which the command may stand that it is about."""
    return "\n".join((request.title, request.message, *request.options, request.prefill))


def keys_of(request: DialogRequested) -> tuple[AnswerKey, ...]:
    """Return the keys that answer a question; none where it takes a text."""
    if request.method == "confirm":
        return (AnswerKey(YES, "yes", confirmed=True), AnswerKey(NO, "no", confirmed=False))
    if request.method == "select":
        plain = dict(zip(request.plain, (YES, NO), strict=False))
        numbered = zip(DIGITS, request.options, strict=False)
        return tuple(AnswerKey(key, option, option, also=plain.get(option, "")) for key, option in numbered)
    return ()


def answer_with(agent: AgentId, request: DialogRequested, key: AnswerKey) -> Answer:
    """Return the answer that a key means, which names the question that was read."""
    return Answer(agent, request.dialog_id, value=key.value, confirmed=key.confirmed, digest=digest_of(request))


def answer_by_text(agent: AgentId, request: DialogRequested, text: str) -> Answer:
    """Return a text as the answer, which names the question that was read."""
    return Answer(agent, request.dialog_id, value=text, digest=digest_of(request))


def cancelled(agent: AgentId, request: DialogRequested) -> Answer:
    """Return what tells an agent that there will be no answer."""
    return Answer(agent, request.dialog_id, cancelled=True, digest=digest_of(request))


def refused(agent: AgentId, request: DialogRequested, reason: str = "") -> Answer:
    """Return what tells an agent no: a no where it asks for yes or no, else that there will be no answer.

    Args:
        agent: who asks.
        request: its question.
        reason: why; it goes along where the question takes one, else `reason_text` says it behind the no.
    """
    no = cancelled(agent, request)
    if request.method == "confirm":
        no = Answer(agent, request.dialog_id, confirmed=False, digest=digest_of(request))
    return replace(no, reason=reason.strip()) if request.takes_reason else no


def reason_text(request: DialogRequested, reason: str) -> str:
    """Return what an agent is told beside a no, for its own dialogs have no place for a reason."""
    asked = " ".join((request.title or request.message or "your question").split())[:200]
    return f"The operator said no to “{asked}”: {reason.strip()}"
