"""What the reading dialogs say: why, help, the details of a task; pure Content, agents' words sanitised."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.fleet import Agent, Receipt, Task, Vm
from cockpit.model.why import headline, why
from cockpit.text.sanitize import clean_line, clean_text
from cockpit.ui.look.cells import Piece, age, content, count, fit
from cockpit.ui.look.states import STATUS_STYLES, style_of


def why_vm_text(vm: Vm) -> Content:
    """Say in sentences whose a VM without an agent may be."""
    pieces: list[Piece] = [("perhaps ours" if vm.perhaps_ours else "orphan", "bold $link-degraded"), ("\n\n", "")]
    sentences = ["no agent that is known here lives on it"]
    if vm.perhaps_ours:
        sentences += [vm.perhaps_ours, "it may be somebody else's: nothing is done to it unless you destroy it"]
    for sentence in sentences:
        pieces += [("· ", "$muted"), (clean_line(sentence), ""), ("\n", "")]
    facts = [("VM", vm.id), ("power", vm.power.value), ("owner", vm.owner)]
    pieces.append(("\n", ""))
    for name, value in facts:
        if value:
            pieces += [(fit(name, 12), "$muted"), (clean_line(value), ""), ("\n", "")]
    return content(pieces)


def why_text(agent: Agent, vm: Vm | None, now: float) -> Content:
    """Say in sentences why an agent is shown as it is."""
    head = headline(agent, vm, now)
    look = style_of(head)
    pieces: list[Piece] = [(f"{look.glyph} {look.word}", f"bold {look.style}")]
    if head.link:
        pieces.append((f"   ~ {head.link}", "$link-down"))
    pieces.append(("\n\n", ""))
    for sentence in why(agent, vm, now):
        pieces += [("· ", "$muted"), (clean_line(sentence), ""), ("\n", "")]
    facts = [
        ("kind", agent.kind.value),
        ("role", agent.role),
        ("program", agent.program),
        ("model", agent.model),
        ("works for", agent.parent),
        ("labels", ", ".join(agent.labels)),
        ("VM", agent.vm_id),
        ("turns", str(agent.turns) if agent.turns else ""),
        (
            "spent",
            f"{count(agent.usage.tokens)} tokens, ${agent.usage.cost:.2f}" if agent.usage.tokens else "",
        ),
        ("read up to", f"line {agent.line} of file {agent.epoch}" if agent.line else ""),
    ]
    pieces.append(("\n", ""))
    for name, value in facts:
        if value:
            pieces += [(fit(name, 12), "$muted"), (clean_line(value), ""), ("\n", "")]
    return content(pieces)


def undelivered_text(receipt: Receipt) -> Content:
    """Show a text that no agent read, and why."""
    reason = clean_line(receipt.reason) or "no reason was given"
    return content(
        [(f"{clean_line(receipt.verb)} not delivered: {reason}\n\n", "$muted"), (clean_text(receipt.text), "")]
    )


def task_text(task: Task, titles: dict[str, str], now: float) -> Content:
    """Say everything the board knows of a task."""
    look = STATUS_STYLES.get(task.status)
    status = f"{look.glyph} {look.word}" if look else clean_line(task.status)
    pieces: list[Piece] = [
        (clean_line(task.title), "bold"),
        ("\n", ""),
        (status, look.style if look else "$muted"),
        (f"   {clean_line(task.assignee) or 'nobody has it'}", "$accent" if task.assignee else "$muted"),
    ]
    if task.created_by:
        pieces.append((f"   by {clean_line(task.created_by)}", "$muted"))
    if task.updated_at:
        pieces.append((f"   changed {age(now - task.updated_at)} ago", "$muted"))
    if task.tags:
        pieces.append(("\n" + " ".join(f"#{clean_line(tag)}" for tag in task.tags), "$muted"))
    if task.description:
        pieces += [("\n\n", ""), (clean_text(task.description), "")]
    if task.dependencies:
        pieces.append(("\n\nwaits for\n", "$muted"))
        pieces += [(f"  ○ {clean_line(titles.get(task_id, task_id))}\n", "") for task_id in task.dependencies]
    for kind, label, url in task.artifacts:
        pieces += [(f"\n  ▪ {clean_line(kind)} ", "$muted"), (f"{clean_line(label)} {clean_line(url)}", "")]
    for note in task.notes:
        when = age(now - note.created_at) if note.created_at else "–"
        pieces += [
            (f"\n\n✎ {clean_line(note.author)}", "$accent"),
            (f" {clean_line(note.kind)} {when} ago\n", "$muted"),
            (clean_text(note.content), ""),
        ]
    return content(pieces)
