"""What the reading dialogs say: why, help, the details of a task; pure Content, agents' words sanitised."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.model.board import Task
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent, Vm
from cockpit.model.receipts.receipt import Receipt
from cockpit.model.reconciliation import Finding
from cockpit.model.row_doubts import Doubt
from cockpit.model.sub_agents import SubAgent, state_of, why_of
from cockpit.model.why import headline, why
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.look.cells import Piece, age, content, count, fit
from cockpit.ui.look.states import STATUS_STYLES, style_of


def findings_text(findings: Sequence[Finding]) -> Content:
    """Say of a VM what does not fit, why, and what may be done."""
    pieces: list[Piece] = []
    for finding in findings:
        pieces += [(clean_line(finding.kind.value), "bold $link-degraded"), (ours("\n\n"), "")]
        facts = [("VM", finding.vm), ("suggested", finding.command)]
        pieces += [*_evidence(finding.evidence, facts), (ours("\n"), "")]
    return content(pieces)


def why_vm_text(vm: Vm) -> Content:
    """Say in sentences whose a VM without an agent may be."""
    pieces: list[Piece] = [
        (ours("perhaps ours") if vm.perhaps_ours else ours("orphan"), "bold $link-degraded"),
        (ours("\n\n"), ""),
    ]
    sentences = ["no agent that is known here lives on it"]
    if vm.perhaps_ours:
        sentences += [
            vm.perhaps_ours,
            "it may be somebody else's: nothing is done to it unless you destroy it; `dismiss` leaves it alone",
        ]
    facts = [(kind_words(vm), vm.id), ("power", vm.power.value), ("owner", vm.owner)]
    return content([*pieces, *_evidence(sentences, facts)])


def _evidence(sentences: Sequence[str], facts: Sequence[tuple[str, str]]) -> list[Piece]:
    """Return sentences as a list, and below them what is known by name; a fact without a value is left out."""
    pieces: list[Piece] = []
    for sentence in sentences:
        pieces += [(ours("· "), "$muted"), (clean_line(sentence), ""), (ours("\n"), "")]
    pieces.append((ours("\n"), ""))
    for name, value in facts:
        if value:
            pieces += [(fit(clean_line(name), 12), "$muted"), (clean_line(value), ""), (ours("\n"), "")]
    return pieces


def why_text(agent: Agent, vm: Vm | None, now: float, silence: str = "") -> Content:
    """Say in sentences why an agent is shown as it is; `silence` is why no list tells where it lives."""
    head = headline(agent, vm, now)
    look = style_of(head)
    pieces: list[Piece] = [(our_line("{} {}", look.glyph, look.word), f"bold {look.style}")]
    if head.link:
        pieces.append((our_line("   ~ {}", head.link), "$link-down"))
    pieces.append((ours("\n\n"), ""))
    facts = [
        ("kind", agent.kind.value),
        ("role", agent.role),
        ("program", agent.program),
        ("model", agent.model),
        ("works for", agent.parent),
        ("labels", ", ".join(agent.labels)),
        (kind_words(vm), agent.vm_id),
        ("turns", str(agent.turns) if agent.turns else ""),
        (
            "spent",
            f"{count(agent.usage.tokens)} tokens, ${agent.usage.cost:.2f}" if agent.usage.tokens else "",
        ),
        ("read up to", f"line {agent.line} of file {agent.epoch}" if agent.line else ""),
    ]
    return content([*pieces, *_evidence(why(agent, vm, now, silence), facts)])


def why_sub_agent_text(sub_agent: SubAgent, vm: Vm | None, now: float) -> Content:
    """Say in sentences why a sub-agent is shown as it is."""
    look = style_of(state_of(sub_agent, vm, now))
    pieces: list[Piece] = [(our_line("{} {}", look.glyph, look.word), f"bold {look.style}"), (ours("\n\n"), "")]
    facts = [
        ("kind", f"sub-agent, {sub_agent.task.sub_agent}"),
        ("works for", sub_agent.agent.name),
        ("id", sub_agent.task.task_id),
        ("spent", f"{count(sub_agent.task.tokens)} tokens" if sub_agent.task.tokens else ""),
    ]
    return content([*pieces, *_evidence(why_of(sub_agent, vm, now), facts)])


def undelivered_text(receipt: Receipt) -> Content:
    """Show a text that no agent read, and why."""
    reason = clean_line(receipt.reason) or "no reason was given"
    return content(
        [(our_line("{} not delivered: {}\n\n", receipt.verb, reason), "$muted"), (clean_text(receipt.text), "")]
    )


def task_text(task: Task, titles: dict[str, str], now: float, doubted: Sequence[Doubt] = ()) -> Content:
    """Say everything the board knows of a task, and what it says that is not so."""
    look = STATUS_STYLES.get(task.status)
    status = our_line("{} {}", look.glyph, look.word) if look else clean_line(task.status)
    pieces: list[Piece] = [
        (clean_line(task.title), "bold"),
        (ours("\n"), ""),
        (status, look.style if look else "$muted"),
        (our_line("   {}", clean_line(task.assignee) or "nobody has it"), "$accent" if task.assignee else "$muted"),
    ]
    if task.created_by:
        pieces.append((our_line("   by {}", task.created_by), "$muted"))
    if task.updated_at:
        pieces.append((our_line("   changed {} ago", age(now - task.updated_at)), "$muted"))
    for doubt in doubted:
        pieces += [(ours("\n! "), "$link-degraded"), (clean_line(doubt.sentence), "")]
    if task.tags:
        pieces.append((our_line("\n{}", " ".join(f"#{tag}" for tag in task.tags)), "$muted"))
    if task.description:
        pieces += [(ours("\n\n"), ""), (clean_text(task.description), "")]
    if task.dependencies:
        pieces.append((ours("\n\nwaits for\n"), "$muted"))
        pieces += [(our_line("  ○ {}\n", titles.get(task_id, task_id)), "") for task_id in task.dependencies]
    for kind, label, url in task.artifacts:
        pieces += [(our_line("\n  ▪ {} ", kind), "$muted"), (our_line("{} {}", label, url), "")]
    for note in task.notes:
        when = age(now - note.created_at) if note.created_at else "–"
        pieces += [
            (our_line("\n\n✎ {}", note.author), "$accent"),
            (our_line(" {} {} ago\n", note.kind, when), "$muted"),
            (clean_text(note.content), ""),
        ]
    return content(pieces)
