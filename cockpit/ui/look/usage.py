"""Usage as text: a figure, its course and its limit together; budgets as bars; sums in aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from cockpit.model.usage.amounts import amount_text, hours_text, tokens_text
from cockpit.model.usage.machines import MachineSum
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.rates import levels
from cockpit.model.usage.spending import DaySpending, Spending
from cockpit.model.usage.standing import FAMILY_SCOPE, FLEET, BudgetStage, Standing
from cockpit.model.usage.sums import By, Sum
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, fit
from cockpit.ui.look.rows.names import fit_name

BARS = ours("▁▂▃▄▅▆▇█")
"""The heights of a course; what took nothing is a dot."""

COURSE_CELLS = 48
BAR_CELLS = 16
LEAST_NAME = 12
MOST_NAME = 40

STAGE_WORDS = {
    BudgetStage.FREEZING: ours("freezing"),
    BudgetStage.FROZEN: ours("frozen"),
    BudgetStage.STOPPED: ours("stopped"),
    BudgetStage.FINISHING: ours("may finish"),
    BudgetStage.FINISHED: ours("finished"),
}


def sparkline(course: Sequence[float], width: int) -> Clean:
    """Return a course as a row of small bars."""
    return joined(part(BARS, level - 1, level) if level else ours("·") for level in levels(course, width))


def bar(share: float, width: int) -> tuple[Clean, Clean]:
    """Return the full and the empty part of a bar; whatever is not nothing fills one cell."""
    full = min(width, max(1 if share > 0 else 0, round(share * width)))
    return repeated(ours("█"), full), repeated(ours("░"), width - full)


def day_words(day: DaySpending) -> Clean:
    """Say what was spent today, for the header: `$4.18 today`; empty text while nothing was."""
    if not day.usage.tokens and not day.usage.cost:
        return NOTHING
    sure = "≥" if day.at_least else ""
    return our_line("{}{} today", sure, _amount(day.usage.cost, day.usage.tokens, money=day.in_money))


def _amount(cost: float, tokens: float, *, money: bool) -> str:
    return amount_text(cost) if money else f"{tokens_text(tokens)} tok"


def usage_text(report: UsageReport, by: By, width: int) -> Content:
    """Return the whole screen for a width in cells."""
    pieces = _head(report.spending, width)
    pieces += _budgets(report.spending.budgets, width)
    pieces += [(ours("\n"), "")]
    for one in By:
        style = "bold underline $accent" if one is by else "$muted"
        pieces += [(clean_line(one.value), style), (ours("   "), "")]
    pieces += [(ours("\n"), ""), *_table(report.by(by), report.total, width)]
    pieces += [(ours("\n\n"), ""), *_machines(report.machines)]
    for sentence in report.missing:
        pieces += [(our_line("\nnot known: {}", sentence), "$link-degraded")]
    return content(pieces)


def _head(spending: Spending, width: int) -> list[Piece]:
    """Today's figure, its course by the half hour, its limit, and where the day ends."""
    day = spending.day
    figure = _amount(day.usage.cost, day.usage.tokens, money=day.in_money)
    end = _amount(day.end_cost, day.end_tokens, money=day.in_money)
    hour = _amount(day.last_hour.cost, day.last_hour.tokens, money=day.in_money)
    pieces: list[Piece] = [
        (our_line("{}{}", "at least " if day.at_least else "", figure), "bold $accent"),
        (ours(" today   "), "$muted"),
        (sparkline(day.course, min(COURSE_CELLS, max(12, width - 40))), "$agent-running"),
        (ours("\n"), ""),
        (our_line("{} tokens/min", tokens_text(day.tokens_per_minute)), ""),
        (our_line("   {} in the last hour", hour), "$muted"),
        (ours("   at that rate the day ends at "), "$muted"),
        (clean_line(end), "bold"),
    ]
    fleet = next((one for one in spending.budgets if one.scope == FLEET), None)
    if fleet is not None and fleet.limit.cost is not None and day.in_money and day.end_cost > fleet.limit.cost:
        pieces += [(our_line(", over its {}", amount_text(fleet.limit.cost)), "$agent-failed")]
    return [*pieces, (ours("\n"), "")]


def _budgets(budgets: Iterable[Standing], width: int) -> list[Piece]:
    """Each budget as a bar, the fullest first."""
    pieces: list[Piece] = []
    name_cells = min(24, max(LEAST_NAME, width // 4))
    for one in budgets:
        full, empty = bar(min(1.0, one.part), BAR_CELLS)
        style = "$agent-failed" if one.is_over else "$agent-asking" if one.warns else "$agent-running"
        share = our_line("{:.0%}", one.part) if one.part < 10 else ours("over")
        pieces += [
            (ours("\n"), ""),
            (fit(_named(one), name_cells), ""),
            (ours(" "), ""),
            (full, style),
            (empty, "$faint"),
            (fit(share, 6, right=True), f"bold {style}" if one.warns else ""),
            (our_line("  {}", one.words), "$muted"),
        ]
        if one.stage in STAGE_WORDS:
            pieces += [(joined((ours("  "), STAGE_WORDS[one.stage])), "bold $agent-paused")]
    if not pieces:
        pieces = [(ours("\nno budget is set: b sets one, or [budgets] in config.toml"), "$muted")]
    return [*pieces, (ours("\n"), "")]


def _named(one: Standing) -> Clean:
    if one.scope == FLEET:
        return ours("fleet, today")
    return our_line("{} + family", one.name) if one.scope.startswith(FAMILY_SCOPE) else clean_line(one.name)


def _table(sums: Sequence[Sum], total: Sum, width: int) -> list[Piece]:
    """Sums in columns, each with its share of the largest; `≥` is at least, `~` told by services alone in part."""
    if not sums:
        return [(ours("\nnothing was spent in this time, as far as is known"), "$muted")]
    numbers = 11 + 9 + 9 + 9 + 8
    name_cells = min(MOST_NAME, max(LEAST_NAME, width - BAR_CELLS - numbers - 2))
    with_bar = width >= LEAST_NAME + BAR_CELLS + numbers + 2
    priced = any(one.usage.cost for one in sums)
    most = max((one.usage.cost if priced else one.usage.tokens for one in sums), default=0.0)
    heads = (("cost", 11), ("tokens", 9), ("out", 9), ("cached", 9), ("turns", 8))
    pieces: list[Piece] = [(repeated(ours(" "), name_cells + (BAR_CELLS + 1 if with_bar else 0)), "")]
    pieces += [(fit(clean_line(word), cells, right=True), "$muted") for word, cells in heads]
    for one in (*sums, total):
        is_total = one is total
        share = (one.usage.cost if priced else one.usage.tokens) / most if most and not is_total else 0.0
        name = our_line("{} ({})", one.name, one.members) if one.members > 1 else clean_line(one.name)
        pieces += [(ours("\n"), ""), (fit_name(name, name_cells), "bold" if is_total else "")]
        if with_bar:
            full, empty = bar(share, BAR_CELLS)
            pieces += [(ours(" "), ""), (full, "$accent")]
            pieces += [(repeated(ours(" "), len(empty)), "")]
        mark = f"{'~' if one.told else ''}{'≥' if one.at_least else ''}"
        usage = one.usage
        cells = (
            (f"{mark}{amount_text(usage.cost)}", 11),
            (tokens_text(usage.tokens), 9),
            (tokens_text(usage.output), 9),
            (tokens_text(usage.cache_read + usage.cache_write), 9),
            (f"{one.answers}", 8),
        )
        pieces += [
            (fit(clean_line(text), room, right=True), "bold" if is_total or not place else "$muted")
            for place, (text, room) in enumerate(cells)
        ]
    return pieces


def _machines(machines: MachineSum) -> list[Piece]:
    """Hours of VMs and disks, commits, and their money where prices are set."""
    words = [
        (ours("machines  "), "bold"),
        (our_line("VMs {} running, {} stopped", *_hours(machines)), ""),
        (our_line(" · disks {:.0f} GiB h", machines.disk_gib_hours), ""),
        (our_line(" · {} commits, {} for undo", machines.commits, machines.undo_copies), ""),
    ]
    if machines.cost is not None:
        words += [(our_line("  {}", amount_text(machines.cost)), "bold $accent")]
    else:
        words += [(ours("  no prices are set: [prices] in config.toml"), "$muted")]
    doubts = []
    if machines.unseen_hours >= 0.05:
        doubts.append(f"{hours_text(machines.unseen_hours)} of it no cockpit looked")
    if machines.unsized:
        doubts.append(f"the size of {machines.unsized} VMs is not known")
    if doubts:
        words += [(our_line("\n          {}", "; ".join(doubts)), "$muted")]
    return words


def _hours(machines: MachineSum) -> tuple[str, str]:
    return hours_text(machines.running_hours), hours_text(machines.stopped_hours)
