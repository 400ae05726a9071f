"""One-line summaries: the stages of a command, the steps of an operation, standing notices."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.model.failures import is_undelivered
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.operation import Operation, Step
from cockpit.model.provider_words import said_in
from cockpit.model.receipts.flow import TEXT_VERBS
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_closed
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut, duration, fit, pieces_width
from cockpit.ui.look.rows.panes import shortened
from cockpit.ui.look.states import STAGE_WORDS

MAX_NOTICES = 2
"""Standing notices shown at once: more would push the panes away."""

MAX_OPERATIONS = 3
"""Operations shown at once, the newest ones."""

MAX_RECEIPTS = 6
"""Lines of receipts below a transcript: more would leave too little of it."""

FAILED_FOR = 30.0
"""Seconds for which a failed operation keeps its line; after that the inbox has it."""

PASSED = (Stage.WRITTEN, Stage.ACCEPTED, Stage.QUEUED, Stage.STEERING, Stage.CONSUMED)
"""Stages a command goes through on its way; the last ones end it."""


def open_receipts(receipts: Sequence[Receipt], agent: AgentId | None) -> list[Receipt]:
    """Return what stands at the end of an agent's transcript: the texts that are in none of its messages, as they were
    sent, and the last command if that is another one.
    """
    mine = [known for known in receipts if known.agent == agent] if agent is not None else []
    unread = [
        known
        for known in mine
        if known.verb in TEXT_VERBS
        and known.read_at is None
        and known.stage is not Stage.CONSUMED
        and (not is_closed(known) or is_undelivered(known))
    ]
    return [*unread, *(known for known in mine[-1:] if known not in unread)]


def receipt_lines(receipts: Sequence[Receipt], now: float, width: int) -> list[Content]:
    """Return a line for each of some receipts; of very many the newest, and how many are before them."""
    shown = receipts if len(receipts) <= MAX_RECEIPTS else receipts[1 - MAX_RECEIPTS :]
    lines = [receipt_line(known, now, width) for known in shown]
    if len(shown) < len(receipts):
        more = our_line("… {} before these · I lists what nobody read, Q what waits", len(receipts) - len(shown))
        lines.insert(0, content([(cut(more, width), "$muted")]))
    return lines


def receipt_line(receipt: Receipt, now: float, width: int) -> Content:
    """The stages of one command, each with its mark, and why it failed. Early stages go first when room is short."""
    reached = [stage for stage, _ in receipt.stages if stage in PASSED]
    if receipt.stage in PASSED and receipt.stage not in reached:
        reached.append(receipt.stage)
    since = receipt.stages[-1][1] if receipt.stages else receipt.created_at
    head: Piece = (clean_line(receipt.verb), "bold")
    passed: list[Piece] = [(our_line(" ✓ {}", STAGE_WORDS[stage]), "$agent-running") for stage in reached]
    last = _last_stage(receipt, now, since)
    while passed and pieces_width([head, *passed, last]) > width:
        passed = [(ours(" …"), "$muted"), *passed[2 if passed[0][0] == " …" else 1 :]]
        if len(passed) == 1:
            break
    pieces = [head, *passed, (cut(last[0], max(0, width - pieces_width([head, *passed]))), last[1])]
    text = clean_line(receipt.text)
    room = width - pieces_width(pieces) - 4
    if text and room > 12:
        pieces.append((our_line("  “{}”", cut(text, room)), "$muted"))
    return content(pieces)


def _last_stage(receipt: Receipt, now: float, since: float) -> Piece:
    """Say where the command stands now."""
    match receipt.stage:
        case Stage.DONE:
            return our_line(" ✓ done in {}", duration(since - receipt.created_at)), "bold $agent-running"
        case Stage.FAILED:
            return our_line(" ✗ failed: {}", said_in(receipt.reason)), "bold $agent-failed"
        case Stage.DISMISSED:
            return our_line(" · {}", STAGE_WORDS[Stage.DISMISSED]), "$muted"
        case Stage.UNCONFIRMED:
            return our_line(" ? unconfirmed: {}", receipt.reason), "bold $link-degraded"
        case Stage.CONSUMED:
            return our_line(" ● working… {}", age(now - since)), "$agent-running"
        case Stage.PENDING:
            return our_line(" ◌ {} {}", STAGE_WORDS[Stage.PENDING], age(now - receipt.created_at)), "$link-degraded"
        case _:
            return our_line(" ◌ {}", age(now - since)), "$muted"


def standing_lines(fleet: Fleet, now: float, width: int) -> list[Content]:
    """What goes on or went wrong apart from any agent: standing notices, operations that run or failed just now."""
    lines = [
        content([(ours(" ! "), "bold $link-degraded"), (cut(clean_line(notice), width - 4), "")])
        for notice in fleet.notices[:MAX_NOTICES]
    ]
    current = [operation for operation in fleet.operations if _is_current(operation, now)]
    return lines + [_operation_line(operation, now, width) for operation in current[-MAX_OPERATIONS:]]


def _is_current(operation: Operation, now: float) -> bool:
    """Tell whether an operation runs, or failed so lately that it has to be seen."""
    if operation.ended_at is None:
        return True
    return bool(operation.error) and now - operation.ended_at < FAILED_FOR


def _operation_line(operation: Operation, now: float, width: int) -> Content:
    """Say in one line which step an operation is at, or where it failed and what to do."""
    head: list[Piece] = [(our_line("{} ", operation.verb), ""), (clean_line(operation.target), "bold")]
    step = operation.steps[-1] if operation.steps else None
    if operation.error:
        place = our_line(" at {}", step.name) if step is not None else NOTHING
        hint = our_line(" → {}", operation.hint) if operation.hint else NOTHING
        tail = our_line(" failed{}: {}{}", place, operation.error, hint)
        pieces = [(ours(" ✗ "), "bold $agent-failed"), *head, (tail, "$agent-failed")]
    else:
        place = our_line("  {} {}", step.name, duration(now - step.started_at)) if step is not None else NOTHING
        pieces = [(ours(" ▸ "), "bold $agent-running"), *head, (place, "$muted")]
    return content(shortened(pieces, width - 1))


def step_lines(operation: Operation, now: float, width: int) -> list[Content]:
    """Each step of an operation with its time as it happens; the error stands at the step that failed."""
    lines: list[Content] = []
    for step in operation.steps:
        lines.append(_step(step, now, width))
        if step.error:
            lines.append(content([(ours("    "), ""), (cut(clean_line(step.error), width - 4), "$agent-failed")]))
    if operation.error and not any(step.error for step in operation.steps):
        lines.append(
            content(
                [(ours("✗ "), "bold $agent-failed"), (cut(clean_line(operation.error), width - 2), "$agent-failed")]
            )
        )
    if operation.hint:
        lines.append(content([(ours("  → "), "$agent-asking"), (cut(clean_line(operation.hint), width - 4), "")]))
    if operation.ended_at is not None and not operation.error:
        took = duration(operation.ended_at - operation.started_at)
        lines.append(content([(ours("✓ "), "bold $agent-running"), (our_line("done in {}", took), "bold")]))
    return lines


def _step(step: Step, now: float, width: int) -> Content:
    if step.error:
        glyph, style = ours("✗ "), "bold $agent-failed"
    elif step.ended_at is None:
        glyph, style = ours("▸ "), "bold $agent-running"
    else:
        glyph, style = ours("✓ "), "$agent-running"
    took = duration((now if step.ended_at is None else step.ended_at) - step.started_at)
    name_cells = min(30, max(12, width // 3))
    detail = max(0, width - 2 - name_cells - 9)
    return content(
        [
            (glyph, style),
            (fit(clean_line(step.name), name_cells), "bold" if step.ended_at is None else ""),
            (ours(" "), ""),
            (fit(clean_line(step.detail), detail), "$muted"),
            (fit(took, 7, right=True), "$muted"),
        ]
    )
