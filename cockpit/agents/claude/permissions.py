"""What Claude Code asks the operator: to use a tool, or its model's own questions; and the answers to that.

An answer that allows has to bring back the whole input of the tool, so that a question carries it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from cockpit.agents.fields import dict_of, json_text, parse_object, text_of
from cockpit.model.commands.agent import Answer
from cockpit.model.extensions import DialogRequested

QUESTIONS = "AskUserQuestion"
ALLOW = "Allow once"
REFUSE = "Refuse"
REFUSED = "The operator refused this."
KEPT = {
    "session": "until its process ends",
    "localSettings": "in the workspace's own settings, for good",
    "projectSettings": "in the settings of the project, for good",
    "userSettings": "in the settings of its user, for good",
}
"""Where a rule is kept, and for how long."""

_ANSWERED = re.compile(r"^A(\d{1,3}):(.*)$", re.MULTILINE)


def asked(record: dict[str, Any]) -> DialogRequested | None:
    """Return the question that a control request of Claude Code's is; None if it is no such request."""
    request, dialog_id = dict_of(record.get("request")), text_of(record.get("request_id"))
    if request.get("subtype") != "can_use_tool":
        return None
    given, tool = dict_of(request.get("input")), text_of(request.get("tool_name"))
    questions = [one for one in _list(given.get("questions")) if isinstance(one, dict)] if tool == QUESTIONS else []
    if questions:
        return _questions(dialog_id, given, questions)
    suggestions = [one for one in _list(request.get("permission_suggestions")) if isinstance(one, dict)]
    options = (ALLOW, *(rule_text(one) for one in suggestions), REFUSE)
    about = text_of(request.get("description"))
    why = text_of(request.get("decision_reason"))
    blocked = text_of(request.get("blocked_path"))
    said = [
        *(f"{name}: {value if isinstance(value, str) else json_text(value)}" for name, value in given.items()),
        *([f"It asks because: {why}"] if why else []),
        *([f"It is kept from: {blocked}"] if blocked else []),
    ]
    who = "a sub-agent of it" if text_of(request.get("agent_id")) else "it"
    title = f"May {who} use {tool or 'a tool'}" + (f" ({about})?" if about and about not in given.values() else "?")
    carries = json_text({"input": given, "suggestions": suggestions})
    return DialogRequested(
        *(dialog_id, "select", title, "\n".join(said), options),
        carries=carries,
        takes_reason=True,
        plain=(ALLOW, REFUSE),
    )


def rule_text(suggestion: dict[str, Any]) -> str:
    """Say what a suggestion would allow from now on, and where that is kept."""
    kind = text_of(suggestion.get("type"))
    destination = text_of(suggestion.get("destination"))
    kept = KEPT.get(destination, f"in {destination}" if destination else "")
    if kind == "addRules":
        rules = [one for one in _list(suggestion.get("rules")) if isinstance(one, dict)]
        named = ", ".join(_rule(one) for one in rules) or "nothing that it names"
        what = f"Always {text_of(suggestion.get('behavior')) or 'allow'} {named}"
    elif kind == "setMode":
        what = f"Allow, and go to the permission mode {text_of(suggestion.get('mode'))}"
    elif kind == "addDirectories":
        what = f"Allow, and open to it {', '.join(map(text_of, _list(suggestion.get('directories'))))}"
    else:
        what = f"Allow, with {json_text(suggestion)}"
    return f"{what} ({kept})" if kept else what


def _rule(rule: dict[str, Any]) -> str:
    tool, content = text_of(rule.get("toolName")), text_of(rule.get("ruleContent"))
    return f"{tool}({content})" if content else f"every {tool}"


def _questions(dialog_id: str, given: dict[str, Any], questions: list[dict[str, Any]]) -> DialogRequested:
    """Return the model's own questions: one with one answer is a choice, anything else a text to fill in."""
    carries = json_text({"input": given})
    first = questions[0]
    labels = tuple(dict.fromkeys(_labels(first)))
    if len(questions) == 1 and labels and first.get("multiSelect") is not True:
        title, words = text_of(first.get("question")), "\n".join(_described(first))
        return DialogRequested(dialog_id, "select", title, words, labels, carries=carries, takes_reason=True)
    lines: list[str] = []
    for number, question in enumerate(questions, 1):
        many = " (several may be named, with commas between them)" if question.get("multiSelect") is True else ""
        lines += [f"Q{number}: {text_of(question.get('question'))}{many}", *_described(question), f"A{number}: "]
    title = text_of(first.get("question")) if len(questions) == 1 else f"{len(questions)} questions"
    return DialogRequested(dialog_id, "editor", title, prefill="\n".join(lines), carries=carries, takes_reason=True)


def _labels(question: dict[str, Any]) -> Iterable[str]:
    options = (one for one in _list(question.get("options")) if isinstance(one, dict))
    return (text_of(option.get("label")) for option in options if text_of(option.get("label")))


def _described(question: dict[str, Any]) -> Iterable[str]:
    options = [one for one in _list(question.get("options")) if isinstance(one, dict)]
    return [f"- {text_of(one.get('label'))}: {text_of(one.get('description'))}" for one in options]


def answer_to(request: DialogRequested | None, answer: Answer) -> dict[str, Any]:
    """Return what Claude Code is told; a question that is not open any more gets a no, which harms nothing."""
    carried = _carried(request)
    if request is None or carried is None or answer.cancelled or answer.confirmed is False:
        return _no(f"{REFUSED} {answer.reason}".rstrip())
    given = dict_of(carried.get("input"))
    value = answer.value
    if "suggestions" not in carried:
        return {"behavior": "allow", "updatedInput": {**given, "answers": _answers(given, value or "")}}
    if value in (None, ALLOW):
        return {"behavior": "allow", "updatedInput": given}
    for suggestion in _list(carried.get("suggestions")):
        if isinstance(suggestion, dict) and rule_text(suggestion) == value:
            return {"behavior": "allow", "updatedInput": given, "updatedPermissions": [suggestion]}
    return _no(REFUSED if value == REFUSE else f"{REFUSED} {value}")


def _answers(given: dict[str, Any], value: str) -> dict[str, str]:
    questions = [text_of(dict_of(one).get("question")) for one in _list(given.get("questions"))]
    told = {int(number): text.strip() for number, text in _ANSWERED.findall(value)}
    if not told:
        return dict.fromkeys(questions[:1], value)
    return {question: told.get(number, "") for number, question in enumerate(questions, 1)}


def _no(reason: str) -> dict[str, Any]:
    return {"behavior": "deny", "message": reason}


def _carried(request: DialogRequested | None) -> dict[str, Any] | None:
    if request is None or not request.carries:
        return None
    try:
        return parse_object(json.dumps(json.loads(request.carries)).encode())
    except (ValueError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
