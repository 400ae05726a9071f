"""The model as rows: pure functions from a VM, an agent, a task or a feed item to Content, columns aligned.

Text that came from an agent, a service or another operator goes through the sanitizer first, always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content

from cockpit.model.board import TASK_STATUSES, FeedItem, Task
from cockpit.model.colours import COLOURS
from cockpit.model.family import FamilySum
from cockpit.model.filters.agents import NO_ATTRIBUTES, Attributes
from cockpit.model.fleet import ActivityState, Agent, AgentKind, Fleet, LinkState, Power, ProcessState, Vm
from cockpit.model.health import kind_of_service
from cockpit.model.ports import PortForward
from cockpit.model.queue import counted, fate_of
from cockpit.model.reconciliation import Finding
from cockpit.model.row_doubts import Doubt, counts
from cockpit.model.scaffold import scaffold_word
from cockpit.model.usage.causes import until_word
from cockpit.model.why import headline, warnings_in
from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, cut, fit, width_of
from cockpit.ui.look.forwards import MARK, forwarded_ports
from cockpit.ui.look.signs import amiss_words, sign_of
from cockpit.ui.look.states import LINK_STYLES, POWER_STYLES, STATUS_STYLES, TONE_STYLES, style_of
from cockpit.ui.look.tree import TreeNode

AGE_CELLS = 4
"""Cells of the age column: `59m` and a blank before it."""

SIZE_CELLS = 13
"""Cells of a VM's size: `16c 64G 100G`."""
CORE_CELLS = 7
"""Cells of a VM's processors and memory: `2c 4G`."""
ID_CELLS = 9
"""Cells of the beginning of a VM's id."""
LEAST_NAME = 10
"""Cells of a VM's name that nothing of these takes."""
MOST_SAID = 15
"""Cells of a word in place of the link where the row is narrow; a registry's own word may be of any length."""

SCRIPTED_FROM = 20
"""Cells from which the detail column names a scripted agent as such; below, its name bears a mark."""

SCRIPTED_MARK = ours(" §")
"""The mark of a scripted agent: it follows a script, no model thinks."""

DETAIL_FROM = 10
"""Cells that must be left over for a detail column to be worth having."""


def agent_row(
    node: TreeNode,
    vm: Vm | None,
    now: float,
    width: int,
    family: FamilySum | None = None,
    forwards: Sequence[PortForward] = (),
    attributes: Attributes = NO_ATTRIBUTES,
) -> Content:
    """One line of the tree: guide, glyph, name, state, what it does, age of its last sign of life.

    Args:
        family: what the agents sum up to that are folded into this row; None if none are.
        forwards: those that lead to its VM.
        attributes: what the operator keeps of agents on the screen.
    """
    agent = node.agent
    head = headline(agent, vm, now)
    look = style_of(head)
    word_cells = 12 if width >= 52 else 9
    detail_cells = width - 2 - 14 - 1 - word_cells - 1 - AGE_CELLS
    if detail_cells >= DETAIL_FROM:
        name_cells = min(24, 14 + (detail_cells - DETAIL_FROM) // 4)
        detail_cells = width - 2 - name_cells - 1 - word_cells - 1 - AGE_CELLS
    else:
        detail_cells = 0
        name_cells = max(8, width - 2 - 1 - word_cells - AGE_CELLS)
    warned = warning_word(agent)
    marks = [ours(" ◆")] if agent.kind is AgentKind.ARCHITECT else []
    in_words = detail_cells >= SCRIPTED_FROM
    if agent.program == "scripted" and not in_words:
        marks.append(SCRIPTED_MARK)
    if warned and not detail_cells:
        marks.append(ours(" !"))
    if forwards and not detail_cells:
        marks.append(our_line(" {}", MARK))
    if family is not None:
        marks.append(folded_mark(family))
    guide = part(node.guide, max(0, len(node.guide) - name_cells // 2))
    mark = cut(joined(marks), name_cells - width_of(guide) - 1)
    room = name_cells - width_of(guide) - width_of(mark)
    name = cut(clean_line(agent.name), room)
    last = agent.last_event_at
    pieces: list[Piece] = [
        (guide, "$faint"),
        (look.glyph, look.style),
        sign_of(agent.id, attributes),
        (name, _name_style(agent)),
        (mark, "$accent"),
        (repeated(ours(" "), room - width_of(name) + 1), ""),
        (fit(look.word, word_cells), look.style),
    ]
    if detail_cells:
        trouble = fit_link(head.link, detail_cells)
        warning = cut(our_line("{} · ", warned), detail_cells - width_of(trouble)) if warned else NOTHING
        room = detail_cells - width_of(trouble) - width_of(warning)
        pieces += [(ours(" "), ""), (trouble, "$link-down"), (warning, "$link-degraded")]
        folded = folded_words(family) if family is not None else NOTHING
        said = [amiss_words(agent.id, attributes), forwarded_ports(forwards), folded]
        said.append(agent_detail(agent, labelled=in_words))
        pieces.append((fit(joined((words for words in said if words), ours(" · ")), room), "$muted"))
    pieces.append((fit(age(now - last) if last is not None else ours("–"), AGE_CELLS, right=True), "$muted"))
    return content(pieces)


def _name_style(agent: Agent) -> str:
    """Return the style of an agent's name: its operator's colour, and bold for who keeps a context."""
    colour = f"ansi_{agent.colour}" if agent.colour in COLOURS else ""
    return " ".join(word for word in ("" if agent.kind is AgentKind.WORKER else "bold", colour) if word)


def folded_mark(family: FamilySum) -> Clean:
    """Return how many agents are folded into a row, with the sign of the one among them that needs somebody most."""
    first = next((look.glyph for tone, look in TONE_STYLES.items() if family.tones.get(tone)), NOTHING)
    return our_line(" ▸{}{}", family.agents, first)


def folded_words(family: FamilySum) -> Clean:
    """Say in a few words how those are that are folded into a row, and what they cost."""
    counts = [
        our_line("{}{}", look.glyph, family.tones[tone]) for tone, look in TONE_STYLES.items() if family.tones.get(tone)
    ]
    return our_line("{} ${:.2f}", joined(counts, ours(" ")), family.cost)


def warning_word(agent: Agent) -> Clean:
    """Return a sign and a word if an agent's program warned, or what holds it up is broken; `why` has its words."""
    alive = agent.process.state is not ProcessState.DEAD
    if trouble := scaffold_word(agent.process.scaffold, alive=alive):
        return our_line("! {}", trouble)
    warnings = warnings_in(agent.process.errors) if agent.process.state is not ProcessState.DEAD else ()
    if not warnings:
        return NOTHING
    return ours("! model") if any("model" in line.lower() for line in warnings) else ours("! warned")


def fit_link(trouble: str, width: int) -> Clean:
    """Return a link trouble with the blanks that part it from what follows, or nothing."""
    return cut(our_line("{} · ", trouble), width) if trouble else NOTHING


def agent_detail(agent: Agent, *, labelled: bool = True) -> Clean:
    """Say in a few words what an agent is at; a scripted one is labelled first, unless its name bears the mark."""
    activity = agent.activity
    parts = [ours("scripted")] if labelled and agent.program == "scripted" else []
    if queued := queue_words(agent):
        parts.append(queued)
    if activity.dialogs:
        parts.append(clean_line(activity.dialogs[0].request.title))
    elif activity.tools:
        tool = activity.tools[-1]
        parts.append(our_line("{} {}", tool.name, tool.summary))
    elif activity.state in (ActivityState.ERROR, ActivityState.RETRYING):
        parts += [clean_line(word) for word in (until_word(agent), activity.error) if word]
    elif activity.state is ActivityState.WORKING:
        parts.append(clean_line(activity.detail))
    elif warning_word(agent) and agent.process.errors:
        parts.append(clean_line(agent.process.errors[-1]))
    elif agent.last_text:
        parts.append(clean_line(agent.last_text))
    elif agent.role:
        parts.append(clean_line(agent.role))
    return joined((said for said in parts if said), ours(" · "))


def queue_words(agent: Agent) -> Clean:
    """Say how much waits in an agent, and whether only a prompt brings it on; nothing while nothing waits."""
    steers, follow_ups = counted(agent)
    if not steers + follow_ups:
        return NOTHING
    if not fate_of(agent).by_itself and not agent.run_open:
        return our_line("{} {} for a prompt", steers + follow_ups, "waits" if steers + follow_ups == 1 else "wait")
    counts = [our_line("↯{}", steers)] if steers else []
    return joined([*counts, *([our_line("↳{}", follow_ups)] if follow_ups else [])], ours(" "))


def vm_words(fleet: Fleet, vm: Vm) -> Clean:
    """Name a VM as the operator knows it: by its agent, else by its label, else as an orphan."""
    agent = fleet.agent_on(vm.id)
    if agent is not None:
        return our_line("{} {}", agent.kind.value, agent.name)
    return clean_line(vm.label) or our_line("orphan {}", vm.id[:8])


def vm_row(vm: Vm, agent: Agent | None, now: float, width: int, said: str = "") -> Content:
    """One line of the VMs: power, name, id, our link to it, age.

    Args:
        said: a word or two on what does not fit, in place of the link.
    """
    power = POWER_STYLES.get(vm.power, POWER_STYLES[Power.UNKNOWN])
    name = clean_line(agent.name if agent is not None else vm.label) or ours("no name")
    link = agent.link if agent is not None else None
    link_word, link_style = _link_word(link.state if link is not None else None, agent is None, vm.perhaps_ours != "")
    if said:
        link_word, link_style = clean_line(said), "$link-degraded"
    word_cells, link_cells = 8, 2
    if width >= 36:
        wanted = width_of(link_word) + 1
        room = max(MOST_SAID, width - 2 - word_cells - AGE_CELLS - 1 - LEAST_NAME)
        link_cells = min(max(13, wanted), room) if wanted > 10 else 10
    others = 2 + word_cells + link_cells + AGE_CELLS + 1
    spare = width - others - LEAST_NAME
    size_cells = SIZE_CELLS if spare >= SIZE_CELLS + ID_CELLS else CORE_CELLS if spare >= CORE_CELLS else 0
    id_cells = ID_CELLS if spare >= size_cells + ID_CELLS else 0
    others += id_cells + size_cells
    name_cells = max(6, min(30, width - others))
    spare = width - name_cells - others
    pieces: list[Piece] = [
        (our_line("{} ", power.glyph), power.style),
        (fit(name, name_cells), "" if agent is not None else "italic"),
        (ours(" "), ""),
        (fit(clean_line(vm.power.value), word_cells), "$muted" if vm.power is Power.RUNNING else power.style),
        (fit(link_word, link_cells) if link_cells > 2 else fit(part(link_word, 0, 1), 2), link_style),
    ]
    if size_cells:
        size = vm.size.brief if size_cells == SIZE_CELLS else vm.size.core
        pieces.append((fit(clean_line(size), size_cells), "$muted"))
    if id_cells:
        pieces.append((fit(clean_line(vm.id[:8]), id_cells), "$faint"))
    pieces.append((repeated(ours(" "), spare), ""))
    pieces.append((fit(age(now - vm.created_at) if vm.created_at else ours("–"), AGE_CELLS, right=True), "$muted"))
    return content(pieces)


def gone_row(finding: Finding, now: float, width: int) -> Content:
    """One line for a VM that is gone: it is in no list, but somebody counts on it, or it can be brought back."""
    word = fit(clean_line(finding.kind.value), min(22, max(4, width - 20)))
    name_cells = max(6, width - 2 - width_of(word) - 1 - AGE_CELLS)
    pieces: list[Piece] = [
        (ours("✗ "), "$agent-failed"),
        (fit(clean_line(finding.called), name_cells), "italic"),
        (ours(" "), ""),
        (word, "$link-degraded"),
        (fit(age(now - finding.since) if finding.since else ours("–"), AGE_CELLS, right=True), "$muted"),
    ]
    return content(pieces)


def _link_word(state: LinkState | None, orphan: bool, perhaps_ours: bool) -> Piece:
    """Say how our link stands, or that nobody claims the VM."""
    if orphan and perhaps_ours:
        return ours("perhaps ours"), "$link-degraded"
    if orphan or state is None:
        return ours("orphan"), "$link-degraded"
    look = LINK_STYLES[state]
    return our_line("{} {}", look.glyph, look.word), "$muted" if state is LinkState.UP else look.style


def tasks_in_order(tasks: Iterable[Task]) -> list[tuple[str, list[Task]]]:
    """Group tasks by status in board order: what moves first, what is done last, unknown words before `done`."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.status, []).append(task)
    order = ["in_progress", "in_review", "blocked", "open"]
    unknown = sorted(status for status in groups if status not in TASK_STATUSES)
    return [
        (status, sorted(groups[status], key=lambda task: (-task.score, -task.updated_at, task.id)))
        for status in [*order, *unknown, "done"]
        if status in groups
    ]


def status_heading(status: str, number: int, width: int) -> Content:
    """The heading over the tasks of one status."""
    look = STATUS_STYLES.get(status)
    word = look.word if look else clean_line(status)
    style = look.style if look else "$muted"
    label = our_line(" {} ", number)
    rule = repeated(ours("─"), width - width_of(word) - width_of(label))
    return content([(cut(word, width - 4), f"bold {style}"), (label, "$muted"), (rule, "$rule")])


def task_row(task: Task, now: float, width: int, *, doubted: bool = False) -> Content:
    """One line of the board: glyph, title, who has it, notes, age; a mark where it says what is not so."""
    look = STATUS_STYLES.get(task.status)
    glyph, style = (look.glyph, look.style) if look else ("·", "$muted")
    who_cells = 8 if width < 28 else 10 if width < 60 else 14
    note_cells = 4 if width >= 40 else 0
    title_cells = max(8, width - 2 - who_cells - note_cells - AGE_CELLS - 1)
    quiet = "$muted" if task.status == "done" else ""
    notes = our_line("✎{}", len(task.notes)) if task.notes else NOTHING
    assignee = clean_line(task.assignee) or ours("–")
    pieces: list[Piece] = [
        (our_line("{} ", glyph), style),
        (fit(clean_line(task.title), title_cells), quiet),
        (ours("!") if doubted else ours(" "), "$link-degraded" if doubted else ""),
        (fit(assignee, who_cells), "$accent" if task.assignee else "$faint"),
    ]
    if note_cells:
        pieces.append((fit(notes, note_cells), "$muted"))
    pieces.append((fit(age(now - task.updated_at) if task.updated_at else ours("–"), AGE_CELLS, right=True), "$muted"))
    return content(pieces)


def doubts_note(doubted: Mapping[str, tuple[Doubt, ...]]) -> Content:
    """Count what the rows of the board say that is not so, by kind."""
    words = [our_line("! {}: {}", kind.value, number) for kind, number in counts(doubted.values()).items()]
    return content(
        [(word if place == 0 else our_line("  {}", word), "$link-degraded") for place, word in enumerate(words)]
    )


def feed_row(item: FeedItem, now: float, width: int) -> Content:
    """One line of the feed: age, who, what."""
    who_cells = 12 if width >= 46 else 9
    kind = clean_line(item.kind)
    kind_cells = min(16, max(0, width - 46)) if width >= 56 else 0
    pieces: list[Piece] = [
        (fit(age(now - item.at), 4, right=True), "$muted"),
        (ours(" "), ""),
        (fit(clean_line(item.agent), who_cells), "$accent"),
        (ours(" "), ""),
    ]
    if kind_cells:
        pieces.append((our_line("{} ", fit(kind, kind_cells)), "$muted"))
    used = sum(width_of(text) for text, _ in pieces)
    pieces.append((fit(clean_line(item.summary) or kind, max(0, width - used)), ""))
    return content(pieces)


def unknown_because(fleet: Fleet, services: Sequence[str], what: Clean) -> tuple[Clean, ...]:
    """Say why a pane without rows does not mean that there is nothing, or return no lines."""
    for name in services:
        health = fleet.service(name)
        if health is not None and not health.ok:
            hint = clean_line(health.hint)
            reason = clean_line(health.reason)
            return (
                "",
                f"What {what} is unknown.",
                f"{clean_line(health.name)}: {reason}",
                *((f"Next: {hint}.",) if hint else ()),
            )
        if silent := fleet.unanswered(name):
            return (
                NOTHING,
                our_line("What {} is not known yet.", what),
                our_line("Waiting for an answer of {}.", ", ".join(silent)),
            )
        if fleet.awaited and name not in map(kind_of_service, fleet.awaited) and name != "registry":
            return (
                NOTHING,
                our_line("No {} is configured.", name),
                ours("`cockpit infra` makes it, or set VERS_INFRA_URL and VERS_AUTH_TOKEN."),
            )
    return ()


def doubt(fleet: Fleet, services: Sequence[str]) -> Clean:
    """Say in a few words what is wrong with the list a pane shows, or return empty text."""
    for name in services:
        health = fleet.service(name)
        if health is not None and not health.ok:
            refused = any(code in health.reason for code in (" 401 ", " 403 "))
            return our_line("{} {}", health.name, "refused" if refused else "down")
        if health is not None and health.unreadable:
            return our_line("{} unreadable", health.unreadable)
    return NOTHING


def matches(needle: str, *fields: str) -> bool:
    """Tell whether every word of a filter occurs in one of the fields, whatever the case."""
    haystack = " ".join(fields).casefold()
    return all(word in haystack for word in needle.casefold().split())


def title(number: int, name: Clean, *notes: Clean) -> Content:
    """A pane's border title: its key, its name, and what narrows it."""
    pieces: list[Piece] = [(our_line("{} ", number), "$muted"), (name, "bold")]
    pieces += [(our_line(" · {}", note), "$muted") for note in notes if note]
    return content(pieces)


def legend(agents: Sequence[Agent]) -> Content:
    """What the sign of a scripted agent means, while there is one."""
    scripted = any(agent.program == "scripted" for agent in agents)
    return content([(ours("§ scripted"), "$muted")] if scripted else [])


def subtitle(parts: Sequence[Piece]) -> Content:
    """A pane's border subtitle."""
    return content(parts)
