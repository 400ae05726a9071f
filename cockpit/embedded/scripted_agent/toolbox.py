"""How the scripted agent carries out one tool call, and what a question's answer makes it do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.embedded.scripted_agent.plan import Call, Say, Step, shorten
from cockpit.embedded.scripted_agent.session import Session
from cockpit.embedded.scripted_agent.swarm import run_workers
from cockpit.embedded.scripted_agent.tools import (
    ToolResult,
    edit_arguments,
    edit_file,
    note_task,
    publish_event,
    read_file,
    run_bash,
    write_file,
)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool call came to, for the wire and for the plan."""

    result: ToolResult
    summary: str
    """A few words for the closing answer."""
    steps: list[Step] | None = None
    """What is done next, before the rest of the plan."""
    ends_plan: bool = False


def with_arguments(call: Call) -> dict[str, Any]:
    """Return a call's arguments; those of an edit that names no text depend on the file as it is now."""
    if call.tool == "edit" and "edits" not in call.arguments:
        return edit_arguments(call.arguments["path"])
    return call.arguments


async def execute(session: Session, call: dict[str, Any]) -> ToolOutcome:
    """Run a tool call, from `tool_execution_start` up to, not including, its end record."""
    name, arguments = call["name"], call["arguments"]
    place = {"toolCallId": call["id"], "toolName": name, "args": arguments}
    session.emit("tool_execution_start", **place)
    if name == "ask_operator":
        return await _ask(session, arguments)
    if session.aborting.is_set():
        return ToolOutcome(ToolResult("Operation aborted", is_error=True), f"{name} was aborted")
    if name == "swarm":

        def show_workers(text: str) -> None:
            partial = {"content": [{"type": "text", "text": text}], "details": {}}
            session.emit("tool_execution_update", **place, partialResult=partial)

        made = await run_workers(session.agent, arguments["workers"], session.aborting, show_workers)
        return ToolOutcome(made, f"had {len(arguments['workers'])} workers build their parts")
    if name == "bash":
        session.emit("tool_execution_update", **place, partialResult={"content": []})

        def show(text: str) -> None:
            partial = {"content": [{"type": "text", "text": text}], "details": {}}
            session.emit("tool_execution_update", **place, partialResult=partial)

        result = await run_bash(session.shells, arguments["command"], session.aborting, show)
        return ToolOutcome(result, f"{'failed at' if result.is_error else 'ran'} `{shorten(arguments['command'], 40)}`")
    if name == "feed":
        result = await publish_event(session.agent, arguments["type"], arguments["summary"])
        return ToolOutcome(result, "told the feed")
    if name == "task_note":
        result = await note_task(session.agent, arguments["status"], arguments["note"])
        return ToolOutcome(result, "updated the board")
    return _file_tool(session, name, arguments)


def _file_tool(session: Session, name: str, arguments: dict[str, Any]) -> ToolOutcome:
    path = arguments["path"]
    if name == "write":
        return ToolOutcome(write_file(path, arguments["content"]), f"wrote {path}")
    if name == "edit":
        return ToolOutcome(edit_file(path, arguments["edits"], with_patch=session.wire.is_delta), f"edited {path}")
    return ToolOutcome(read_file(path), f"read {path}")


async def _ask(session: Session, question: dict[str, Any]) -> ToolOutcome:
    """Ask the operator; a no or no answer ends the plan."""
    response = await session.ask(question)
    title = question["title"]
    if question["method"] == "confirm":
        answer: Any = response.get("confirmed") is True
        agreed = answer
    else:
        answer = response.get("value") if isinstance(response.get("value"), str) else None
        agreed = answer is not None
    said = {True: "yes", False: "no", None: "undefined"}.get(answer, answer)
    result = ToolResult(f"operator said: {said}", details={"answer": answer})
    if not agreed:
        why = "You said no" if question["method"] == "confirm" and response else "There was no answer"
        return ToolOutcome(
            result, f"asked “{title}”", [Say(f"{why} to “{title}”, so I leave it at that.")], ends_plan=True
        )
    return ToolOutcome(
        result, f"asked “{title}”", [Say(f"You answered “{title}” with “{said}”, so I go on with that.")]
    )
