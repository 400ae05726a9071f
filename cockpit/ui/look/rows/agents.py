"""Agents as rows: who, on which task, how it is and what it does, context, cost, pulse, age; a column each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from cockpit.model.board import Task
from cockpit.model.colours import COLOURS
from cockpit.model.family import FamilySum
from cockpit.model.filters.agents import NO_ATTRIBUTES, Attributes
from cockpit.model.fleet import Agent, AgentKind, Vm
from cockpit.model.own.declared import OwnColumn
from cockpit.model.ports import PortForward
from cockpit.model.pulse import heights
from cockpit.model.why import headline
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, content, cut, fit, pieces_width, width_of
from cockpit.ui.look.changes import counted
from cockpit.ui.look.forwards import MARK
from cockpit.ui.look.rows.columns import EVER, Table, TableColumn
from cockpit.ui.look.rows.doing import doing_pieces, warning_word
from cockpit.ui.look.rows.names import cut_apart, least_room
from cockpit.ui.look.signs import amiss_words, sign_of
from cockpit.ui.look.states import STATUS_STYLES, TONE_STYLES, style_of
from cockpit.ui.look.tree import TreeNode
from cockpit.ui.look.usage import BARS

SCRIPTED_MARK = ours(" §")
"""The mark of a scripted agent: it follows a script, no model thinks."""

GUESSED_MARK = ours(" guess")
"""Behind the name of an agent that only prints lines: what it is at is told from them by patterns."""

SUB_AGENT = ours("sub-agent")

LEAST_AGENT, MOST_AGENT = 12, 44
"""Cells of a name with what stands before and behind it; of more nobody reads the rest."""

STATE_CELLS, DOING_LEAST, DOING_NATURAL, DOING_MOST, SAYS_LEAST = 10, 14, 30, 56, 24
TASK_LEAST, TASK_NATURAL, TASK_MOST = 12, 30, 60
PULSE_LEAST, PULSE_NATURAL, PULSE_MOST = 6, 8, 20
CHANGES_CELLS, MODEL_CELLS, CONTEXT_CELLS = 11, 20, 5

NEARLY_FULL, FULL = 75, 92
"""Percent of a context from which it is said in colour."""

TASK_ORDER = ("in_progress", "in_review", "blocked", "open")
"""Which of its tasks an agent is on, where it has several."""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """What one row is drawn from."""

    node: TreeNode
    vm: Vm | None = None
    task: Task | None = None
    """The task of the board it is on."""
    more_tasks: int = 0
    """How many it has besides."""
    family: FamilySum | None = None
    """What the agents sum up to that are folded into this row; None if none are."""
    forwards: Sequence[PortForward] = ()
    """Those that lead to its VM."""
    bars: tuple[int, ...] = ()
    """Its pulse."""
    names: tuple[Clean, ...] = ()
    """Those of all agents in the list, so that no two are cut alike."""
    attributes: Attributes = NO_ATTRIBUTES
    """What the operator keeps of agents on the screen."""
    own: Sequence[Clean] = ()
    """What the operator's own columns say of it, in their order."""

    @property
    def name(self) -> Clean:
        """What it is called."""
        within = self.node.sub_agent
        return clean_line(self.node.agent.name if within is None else within.task.what)

    @property
    def kind(self) -> Clean:
        """The part it plays."""
        return clean_line(self.node.agent.kind.value) if self.node.sub_agent is None else SUB_AGENT


def tasks_by_assignee(tasks: Iterable[Task]) -> dict[str, tuple[Task, int]]:
    """Return the task each assignee is on, and how many it has besides; what is done is none of them."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        if task.assignee and task.status in TASK_ORDER:
            found.setdefault(task.assignee, []).append(task)
    return {
        who: (min(theirs, key=lambda task: (TASK_ORDER.index(task.status), -task.updated_at, task.id)), len(theirs) - 1)
        for who, theirs in found.items()
    }


def columns_for(
    rows: Sequence[AgentLine], width: int, own: Sequence[OwnColumn] = (), *, two_lines: bool = False
) -> list[TableColumn]:
    """Return the columns of a list of agents by what they hold; `own` are the operator's.

    With `two_lines` what an agent does and says has a line of its own below them.
    """
    names = tuple(dict.fromkeys(row.name for row in rows if row.node.sub_agent is None))
    beside = [_beside(row) for row in rows]
    most = min(MOST_AGENT, max(LEAST_AGENT, width * 2 // 5))
    widest = max((cells + width_of(row.name) for row, cells in zip(rows, beside, strict=True)), default=0)
    least = least_room(names, LEAST_AGENT - 2, most) + max(beside, default=2)
    agents = [row.node.agent for row in rows]
    costs = [_cost(row) for row in rows]
    changed = any(agent.workspace is not None and agent.workspace.files for agent in agents)
    task = max(
        (
            width_of(task_words(row)) + 2
            for row in rows
            if row.task is not None or row.node.sub_agent is not None or row.node.agent.role
        ),
        default=0,
    )
    kinds = max((width_of(row.kind) for row in rows), default=0)
    model = max((width_of(clean_line(agent.model)) for agent in agents if agent.model), default=0)
    cost = max((width_of(said) for said in costs), default=0)
    pulse = any(row.bars for row in rows)
    said = any(agent.last_text for agent in agents)
    columns = [
        TableColumn(
            "agent",
            NOTHING,
            min(least, most, max(LEAST_AGENT, widest)),
            min(MOST_AGENT, widest),
            min(MOST_AGENT, widest),
            0,
        ),
        TableColumn("kind", NOTHING, kinds, kinds, kinds, 7),
        TableColumn("state", NOTHING, STATE_CELLS, STATE_CELLS, STATE_CELLS + 3, 1),
        TableColumn("task", ours("TASK"), min(task, TASK_LEAST), min(task, TASK_NATURAL), min(task, TASK_MOST), 6),
        TableColumn("doing", ours("DOING"), DOING_LEAST, DOING_NATURAL, DOING_MOST if said else EVER, 2),
        TableColumn("says", ours("SAYS"), SAYS_LEAST, SAYS_LEAST * said, EVER, 11, extra=SAYS_LEAST),
        *own_columns(rows, own),
        TableColumn("changes", ours("CHANGES"), CHANGES_CELLS, CHANGES_CELLS * changed, CHANGES_CELLS, 9, extra=8),
        TableColumn(
            "model",
            ours("MODEL"),
            min(model, MODEL_CELLS),
            min(model, MODEL_CELLS),
            min(model, 2 * MODEL_CELLS),
            10,
            extra=12,
        ),
        TableColumn(
            "context",
            ours("CTX"),
            CONTEXT_CELLS,
            CONTEXT_CELLS * any(agent.context_window and agent.context_tokens for agent in agents),
            CONTEXT_CELLS,
            4,
        ),
        TableColumn("cost", ours("COST"), max(5, cost), max(5, cost) * bool(cost), max(5, cost), 5),
        TableColumn("pulse", ours("PULSE"), PULSE_LEAST, PULSE_NATURAL * pulse, PULSE_MOST, 8),
        TableColumn("age", ours("AGE"), AGE_CELLS, AGE_CELLS, AGE_CELLS, 3),
    ]
    return [column for column in columns if column.name not in ("doing", "says")] if two_lines else columns


def agent_row(row: AgentLine, now: float, table: Table) -> Content:
    """One line of the list: only what the table has room for."""
    agent = row.node.agent
    head = headline(agent, row.vm, now)
    look = style_of(head)
    last = agent.last_event_at
    told = table.width("says") > 0
    beside = row.task is None and table.width("task") > 0
    pieces: list[Piece] = []
    for number, (name, cells) in enumerate(table.cells.items()):
        if number:
            pieces.append((repeated(ours(" "), table.gap), ""))
        match name:
            case "agent":
                pieces += _agent_pieces(row, (look.glyph, look.style), cells)
            case "kind":
                pieces.append((fit(clean_line(agent.kind.value), cells), "$muted"))
            case "state":
                pieces.append((fit(look.word, cells), look.style))
            case "task":
                pieces += _task_pieces(row, cells)
            case "doing":
                amiss = amiss_words(agent.id, row.attributes)
                pieces += doing_pieces(agent, row.forwards, now, cells, amiss=amiss, told=told, role=not beside)
            case "says":
                pieces.append((fit(clean_line(agent.last_text), cells), "$muted"))
            case str() if name.startswith(OWN):
                pieces.append((fit(row.own[int(name.removeprefix(OWN))], cells), "$muted"))
            case "changes":
                pieces += _padded(_changes(agent), cells)
            case "model":
                pieces.append((fit(clean_line(agent.model), cells), "$muted"))
            case "context":
                pieces += _context(agent)
            case "cost":
                pieces.append((fit(_cost(row), cells, right=True), "$muted"))
            case "pulse":
                pieces.append(
                    (
                        fit(pulse_line(row.bars, cells), cells, right=True),
                        "$agent-running" if agent.run_open else "$muted",
                    )
                )
            case _:
                pieces.append((fit(age(now - last) if last is not None else ours("–"), cells, right=True), "$muted"))
    return content(pieces)


OWN = "own "
"""What the names of the operator's own columns begin with; behind it stands their number."""


def own_columns(rows: Sequence[AgentLine], own: Sequence[OwnColumn]) -> list[TableColumn]:
    """Return the operator's own columns: before all that is shown only where there is room."""
    found = []
    for number, column in enumerate(own):
        heading = cut(clean_line(column.name), column.width)
        said = max((width_of(row.own[number]) for row in rows), default=0)
        cells = min(column.width, max(width_of(heading), said))
        least = min(cells, max(4, width_of(heading)))
        found.append(TableColumn(f"{OWN}{number}", heading, least, cells, column.width, 6))
    return found


RIGHT = ("context", "cost", "pulse", "age")
"""Columns whose words end where they end."""


def headings(columns: Sequence[TableColumn], table: Table) -> list[tuple[int, Clean]]:
    """Return the word over each column that has one, with the cell of the row at which it begins."""
    places = table.places()
    found: list[tuple[int, Clean]] = []
    for column in columns:
        if column.name in places and column.heading:
            room = table.width(column.name) - width_of(column.heading)
            found.append((places[column.name] + (max(0, room) if column.name in RIGHT else 0), column.heading))
    return found


def pulse_line(bars: tuple[int, ...], width: int) -> Clean:
    """Return the newest bars of a pulse as small bars."""
    return joined(part(BARS, height - 1, height) for height in heights(bars[-width:] if width else ()))


def folded_mark(family: FamilySum) -> Clean:
    """Return how many of each tone are folded into a row, who needs somebody first."""
    counts = [
        our_line("{}{}", number, look.glyph) for tone, look in TONE_STYLES.items() if (number := family.tones.get(tone))
    ]
    return our_line(" ▸{}", joined(counts, NOTHING))


def task_words(row: AgentLine) -> Clean:
    """Return the title of the task an agent is on, and how many it has besides; what it is for where it has none."""
    if row.node.sub_agent is not None:
        return clean_line(row.node.sub_agent.task.sub_agent)
    if row.task is None:
        return clean_line(row.node.agent.role)
    title = clean_line(row.task.title)
    return our_line("{} +{}", title, row.more_tasks) if row.more_tasks else title


def _task_pieces(row: AgentLine, cells: int) -> list[Piece]:
    words = task_words(row)
    if row.task is None:
        return [(fit(joined((ours("  "), words)) if words else words, cells), "$muted")]
    look = STATUS_STYLES.get(row.task.status)
    glyph, style = (look.glyph, look.style) if look is not None else (ours("·"), "$muted")
    return [(our_line("{} ", glyph), style), (fit(words, cells - 2), "")]


def _marks(row: AgentLine) -> Clean:
    """Return what stands behind a name: the architect, a scripted one, a warning, forwards, who is folded away."""
    agent = row.node.agent
    if row.node.sub_agent is not None:
        return NOTHING
    marks = [ours(" ◆")] if agent.kind is AgentKind.ARCHITECT else []
    if agent.program == "scripted":
        marks.append(SCRIPTED_MARK)
    if agent.guessed:
        marks.append(GUESSED_MARK)
    if warning_word(agent):
        marks.append(ours(" !"))
    if row.forwards:
        marks.append(our_line(" {}", MARK))
    if row.family is not None:
        marks.append(folded_mark(row.family))
    return joined(marks)


def _beside(row: AgentLine) -> int:
    """Return the cells of what stands before and behind a name."""
    return width_of(row.node.guide) + 2 + width_of(_marks(row))


def _agent_pieces(row: AgentLine, sign: Piece, cells: int) -> list[Piece]:
    guide = part(row.node.guide, max(0, len(row.node.guide) - cells // 3))
    mark = cut(_marks(row), max(0, cells - width_of(guide) - 6))
    room = cells - width_of(guide) - 2 - width_of(mark)
    name = cut_apart(clean_line(row.node.agent.name), row.names, room)
    pieces: list[Piece] = [
        (guide, "$faint"),
        sign,
        sign_of(row.node.agent.id, row.attributes),
        (name, _name_style(row.node.agent)),
        (mark, "$accent"),
    ]
    return _padded(pieces, cells)


def _padded(pieces: list[Piece], cells: int) -> list[Piece]:
    """Fill up to a width in cells with blanks."""
    return [*pieces, (repeated(ours(" "), cells - pieces_width(pieces)), "")]


def _changes(agent: Agent) -> list[Piece]:
    known = agent.workspace
    return counted(known.added, known.removed) if known is not None and known.files else []


def _context(agent: Agent) -> list[Piece]:
    """Return how full the context is: a small bar and the percentage."""
    if not agent.context_window or not agent.context_tokens:
        return [(repeated(ours(" "), CONTEXT_CELLS), "")]
    share = min(999, 100 * agent.context_tokens // agent.context_window)
    style = "$agent-failed" if share >= FULL else "$link-degraded" if share >= NEARLY_FULL else "$muted"
    level = min(7, share * 8 // 100)
    shown = part(BARS, level, level + 1) if share < 100 else NOTHING
    return [(fit(joined((shown, fit(our_line("{}%", share), 4, right=True))), CONTEXT_CELLS, right=True), style)]


def _cost(row: AgentLine) -> Clean:
    """Return what an agent cost, with all that are folded into its row."""
    if row.node.sub_agent is not None:
        return NOTHING  # it is in the sum of its agent
    cost = row.node.agent.usage.cost + (row.family.cost if row.family is not None else 0.0)
    if not cost:
        return NOTHING
    return our_line("${:.2f}", cost) if cost < 1000 else our_line("${:.0f}", cost)


def _name_style(agent: Agent) -> str:
    """Return the style of an agent's name: its operator's colour, and bold for who keeps a context."""
    colour = f"ansi_{agent.colour}" if agent.colour in COLOURS else ""
    return " ".join(word for word in ("" if agent.kind is AgentKind.WORKER else "bold", colour) if word)
