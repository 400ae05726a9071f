"""What headless verbs print: plain tables for people, JSON for programs; agent text goes through the sanitiser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cockpit.model.ages import age_text, span_text
from cockpit.model.family import FamilySum, descendants_of, parents_of, sum_of
from cockpit.text.clean import Clean
from cockpit.text.joiners import cells_in, cut_to_cells
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.text.streams import say, warn

if TYPE_CHECKING:
    from cockpit.model.board import Task
    from cockpit.model.events import Record
    from cockpit.model.fleet import Agent, Fleet, Vm
    from cockpit.model.ids import AgentId
    from cockpit.model.operation import Operation
    from cockpit.model.past import SearchHit
    from cockpit.model.row_doubts import Doubt
    from cockpit.model.sub_agents import SubAgent

MAX_CELL = 60
"""Cells a column may be wide in a table."""


def print_json(value: Any) -> None:
    """Print one JSON value, printable ASCII only, so that no terminal interprets what an agent wrote."""
    say(clean_line(json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns that are aligned on a terminal, where a character may take no cell, or two."""
    printed = [[shortened(clean_line(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(cells_in(row[column]) for row in printed) for column in range(len(head))]
    for row in printed:
        padded = (cell + " " * (width - cells_in(cell)) for cell, width in zip(row, widths, strict=True))
        say(clean_line("  ".join(padded).rstrip()))


def shortened(text: Clean) -> Clean:
    """Return the beginning of a text, `MAX_CELL` cells at most; what is drawn as one is never cut."""
    return cut_to_cells(text, MAX_CELL)


def place_heading(fleet: Fleet) -> str:
    """Return what stands over the ids of what agents live on: VMs, unless some live on plain hosts."""
    return "PLACE" if fleet.plain else "VM"


def vm_object(vm: Vm, fleet: Fleet) -> dict[str, Any]:
    """Return a VM for JSON."""
    agent = next((agent for agent in fleet.agents if agent.vm_id == vm.id), None)
    return {
        "vm_id": vm.id,
        "source": vm.source,
        "host": vm.host or None,
        "power": vm.power.value,
        "agent": agent.name if agent else None,
        "created_at": vm.created_at,
        "owner": vm.owner,
        "perhaps_ours": vm.perhaps_ours or None,
        "parent_commit": vm.parent_commit,
        "vcpus": vm.size.vcpus or None,
        "memory_mib": vm.size.memory_mib or None,
        "disk_mib": vm.size.disk_mib or None,
        "sandbox": asdict(vm.confinement) if vm.confinement is not None else None,
    }


def agent_objects(agents: Iterable[Agent], fleet: Fleet, now: float) -> list[dict[str, Any]]:
    """Return agents of a fleet for JSON, each with the evidence for its state and the sums of who works for it."""
    from cockpit.model.why import why

    known, vms = {agent.id: agent for agent in fleet.agents}, {vm.id: vm for vm in fleet.vms}
    parents = parents_of(fleet.agents)

    def family(agent: Agent) -> FamilySum:
        return sum_of((known[below] for below in descendants_of(agent.id, parents)), vms, now)

    def evidence(agent: Agent) -> list[str]:
        return list(why(agent, vms.get(agent.vm_id), now, fleet.silence_of(agent.source)))

    return [
        _agent_object(agent, vms.get(agent.vm_id), now, evidence(agent), parents.get(agent.id), family(agent))
        for agent in agents
    ]


def _agent_object(
    agent: Agent, vm: Vm | None, now: float, evidence: list[str], parent: AgentId | None, family: FamilySum
) -> dict[str, Any]:
    from cockpit.model.sub_agents import sub_agents_of
    from cockpit.model.why import warnings_in

    return {
        "id": agent.id,
        "name": agent.name,
        "kind": agent.kind.value,
        "vm_id": agent.vm_id,
        "power": vm.power.value if vm else "unknown",
        "link": agent.link.state.value,
        "process": agent.process.state.value,
        "activity": agent.activity.state.value,
        "guessed": agent.guessed,
        "why": evidence,
        "role": agent.role,
        "program": agent.program,
        "labels": list(agent.labels),
        "parent": agent.parent,
        "parent_id": parent,
        "colour": agent.colour or None,
        "findable": agent.findable,
        "directory": agent.directory,
        "descendants": {
            "agents": family.agents,
            "states": dict(family.tones),
            "tokens": family.tokens,
            "cost": family.cost,
        },
        "version": agent.version,
        "program_path": agent.program_path,
        "model": agent.model,
        "provider": agent.provider,
        "thinking": agent.thinking,
        "permission_mode": agent.permission_mode or None,
        "warnings": list(warnings_in(agent.process.errors)),
        "tool": agent.activity.tools[0].name if agent.activity.tools else None,
        "beside": [
            {"id": task.task_id, "what": task.what, "doing": task.doing or None, "since": task.since}
            for task in agent.background
        ],
        "sub_agents": [_sub_agent_object(sub_agent, vm, now) for sub_agent in sub_agents_of(agent)],
        "questions": [
            {
                "id": dialog.request.dialog_id,
                "method": dialog.request.method,
                "title": dialog.request.title,
                "options": list(dialog.request.options),
            }
            for dialog in agent.activity.dialogs
        ],
        "queued": {"steering": list(agent.activity.steering), "follow_up": list(agent.activity.follow_up)},
        "tokens": agent.usage.tokens,
        "cost": agent.usage.cost,
        "epoch": agent.epoch,
        "line": agent.line,
        "last_event_at": agent.last_event_at,
        "last_work_at": agent.last_work_at,
        "workspace": asdict(agent.workspace) if agent.workspace is not None else None,
    }


def _sub_agent_object(sub_agent: SubAgent, vm: Vm | None, now: float) -> dict[str, Any]:
    from cockpit.model.sub_agents import state_of, why_of

    task = sub_agent.task
    return {
        "id": task.task_id,
        "kind": task.sub_agent,
        "task": task.what,
        "state": state_of(sub_agent, vm, now).word,
        "doing": task.doing or None,
        "tokens": task.tokens,
        "tool_calls": task.calls,
        "since": task.since,
        "last_event_at": task.heard_at or None,
        "why": list(why_of(sub_agent, vm, now)),
    }


def print_agent(agent: Agent, fleet: Fleet, now: float, as_json: bool) -> None:
    """Print one agent that a verb made or changed: all that is known of it, or its name and its VM."""
    if as_json:
        print_json(agent_objects([agent], fleet, now)[0])
    else:
        say(our_line("{} {}", agent.name, agent.vm_id))


def print_evidence(agent: Agent, fleet: Fleet, now: float) -> None:
    """Print why an agent is shown as it is, a sentence a line, and the last lines of its standard error."""
    from cockpit.model.why import headline, why

    vm = fleet.vm(agent.vm_id)
    head = headline(agent, vm, now)
    say(our_line("{}: {}", agent.name, ", ".join(word for word in (head.word, head.link) if word)))
    for sentence in why(agent, vm, now, fleet.silence_of(agent.source)):
        say(our_line("  {}", sentence))
    for line in agent.process.errors:
        say(our_line("  err: {}", line))


def _sub_agent_row(
    sub_agent: SubAgent, vm: Vm | None, now: float
) -> tuple[str, str, str, str, str, str, str, str, str]:
    from cockpit.model.sub_agents import state_of

    task, link = sub_agent.task, sub_agent.agent.link.state.value
    last = age_text(now - task.heard_at) if task.heard_at else "-"
    state = state_of(sub_agent, vm, now).word
    return f"└ {task.what}", "sub-agent", task.sub_agent, state, link, last, f"{task.tokens}", "", task.doing


def print_agents(agents: Iterable[Agent], fleet: Fleet, now: float) -> None:
    """Print agents of a fleet as a table, each with its sub-agents below it."""
    from cockpit.model.sub_agents import sub_agents_of
    from cockpit.model.why import headline

    rows = []
    for agent in agents:
        vm = fleet.vm(agent.vm_id)
        last = age_text(now - agent.last_event_at) if agent.last_event_at else "-"
        rows.append(
            (
                agent.name,
                agent.kind.value,
                agent.program,
                _state_words(agent, headline(agent, vm, now).word),
                agent.link.state.value,
                last,
                f"{agent.usage.tokens}",
                f"${agent.usage.cost:.4f}",
                agent.last_text,
            )
        )
        rows += [_sub_agent_row(sub_agent, vm, now) for sub_agent in sub_agents_of(agent)]
    print_table(("NAME", "KIND", "PROGRAM", "STATE", "LINK", "LAST", "TOKENS", "COST", "SAID"), rows)


def _state_words(agent: Agent, word: str) -> str:
    """Return an agent's state with what is to be said of it besides."""
    from cockpit.model.why import warnings_in

    warned = ["warned"] if warnings_in(agent.process.errors) else []
    return ", ".join((word, *(["guessed"] if agent.guessed else []), *warned))


def task_object(task: Task, doubted: Sequence[Doubt] = ()) -> dict[str, Any]:
    """Return a board task for JSON, with what its row says that is not so."""
    return {
        "id": task.id,
        "title": task.title,
        "status": task.status,
        "assignee": task.assignee,
        "tags": list(task.tags),
        "dependencies": list(task.dependencies),
        "notes": [{"author": note.author, "type": note.kind, "content": note.content} for note in task.notes],
        "score": task.score,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "doubts": [{"kind": doubt.kind.value, "sentence": doubt.sentence} for doubt in doubted],
    }


def hit_object(hit: SearchHit, names: Mapping[AgentId, str]) -> dict[str, Any]:
    """Return a search hit for JSON."""
    return {
        "agent": names.get(hit.agent),
        "vm_id": hit.agent,
        "epoch": hit.epoch,
        "line": hit.line,
        "at": hit.at,
        "where": hit.source,
        "text": hit.excerpt,
    }


def print_operation(operation: Operation, printed: set[int], *, of_several: bool = False) -> None:
    """Print the steps that ended to standard error, each once.

    Args:
        operation: whose steps.
        printed: the places of those that are printed; several may go on at the same time, and end in any order.
        of_several: name the target of the operation, too.
    """
    whose = f"{operation.target}: " if of_several else ""
    for place, step in enumerate(operation.steps):
        if step.ended_at is None or place in printed:
            continue
        printed.add(place)
        took = (step.ended_at or step.started_at) - step.started_at
        mark = "✗" if step.error else "✓"
        more = step.error or step.detail
        warn(our_line("{} {}{} {:.1f} s{}", mark, whose, step.name, took, f": {more}" if more else ""))


def print_record(record: Record) -> None:
    """Print one event for people; pieces of a text are left to its end."""
    words = spoken(record)
    if words is not None:
        head, body = words
        say(our_line("{:>7}  {}", record.line, head))
        for line in clean_text(body).split("\n") if body else []:
            say(our_line("         {}", line))


def _took(duration: float | None) -> str:
    """Say how long something took, where the agent says it and it was a second at least."""
    return f" ({span_text(duration)})" if duration is not None and duration >= 1.0 else ""


def spoken(record: Record) -> tuple[str, str] | None:
    """Return an event as a heading and a text, or None for what only repeats or prepares others."""
    from cockpit.model import events as ev

    match record.event:
        case ev.MessageStarted(role="user", text=text):
            return "user", text
        case ev.MessageEnded(role="user") as ended:
            images = [block.image_label for block in ended.blocks if block.kind == "image"]
            return ("user's images", " ".join(images)) if images else None
        case ev.MessageEnded(role="assistant", part=True, text="", error=""):
            return None
        case ev.MessageEnded(role="assistant") as ended:
            return f"agent{_took(ended.duration)}", ended.text or ended.error
        case ev.ToolStarted(name=name, arguments=arguments):
            return clean_line(f"tool {name}"), json.dumps(arguments, ensure_ascii=False)[:500]
        case ev.ToolEnded(name=name, text=text, is_error=failed, duration=duration):
            return clean_line(f"{name} {'failed' if failed else 'done'}{_took(duration)}"), text
        case ev.DialogRequested(method=method, title=title, options=options):
            return f"asks ({method})", "\n".join([title, *options])
        case ev.RetryStarted(attempt=attempt, max_attempts=most, delay=delay, error=error):
            return f"retry {attempt} of {most} in {delay:.0f} s", error
        case ev.Responded(command="bash", success=True, data=dict() as told):
            code, cancelled = told.get("exitCode"), told.get("cancelled") is True
            how = "cancelled" if cancelled else f"exit {code}" if isinstance(code, int) else "done"
            return f"operator's bash, {how}", str(told.get("output") or "").removesuffix("\n")
        case ev.RunStarted():
            return "run started", ""
        case ev.RunEnded():
            return "run ended", ""
        case ev.DaemonStarted(run_id=run_id):
            return f"daemon run {clean_line(run_id)} started", ""
        case ev.DaemonExited(exit_code=code):
            return f"daemon exited with {code}", ""
        case ev.EpochStarted(reason=reason):
            return "a new file", reason
        case ev.BrokenLine(reason=reason, raw=raw):
            return f"broken line ({reason})", raw[:500]
        case _:
            return None
