"""VMs as rows: power, name, size, our link to each, age; and those that are gone or kept."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.fleet import Agent, Fleet, Link, LinkState, Power, Vm
from cockpit.model.reconciliation import Finding
from cockpit.text.clean import Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import AGE_CELLS, Piece, age, content, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.names import fit_apart
from cockpit.ui.look.rows.panes import shortened
from cockpit.ui.look.states import POWER_STYLES, link_look

SIZE_CELLS = 13
"""Cells of a VM's size: `16c 64G 100G`."""
CORE_CELLS = 7
"""Cells of a VM's processors and memory: `2c 4G`."""
WALLS_CELLS = 9
"""Cells of what says whether it stands behind walls: `no walls`."""
ID_CELLS = 9
"""Cells of the beginning of a VM's id."""
LEAST_NAME = 8
"""Cells of a VM's name that nothing of these takes."""
MOST_NAME = 30
WORD_CELLS = 20
"""Cells of its power and of what is odd about it, so that sizes stand below each other."""


def vm_words(fleet: Fleet, vm: Vm) -> Clean:
    """Name a VM as the operator knows it: by its agent, else by its label, else as an orphan."""
    agent = fleet.agent_on(vm.id)
    if agent is not None:
        return our_line("{} {}", agent.kind.value, agent.name)
    return clean_line(vm.label) or our_line("orphan {}", vm.id[:8])


def name_of(vm: Vm, agent: Agent | None) -> Clean:
    """Return how a VM is called in its row."""
    return clean_line(agent.name if agent is not None else vm.label) or ours("no name")


def vm_row(
    vm: Vm, agent: Agent | None, now: float, width: int, said: str = "", names: tuple[Clean, ...] = ()
) -> Content:
    """One line of the VMs: power, name, our link to it or what is odd, size, id, age.

    Args:
        said: a word or two on what does not fit, in place of the link.
        names: of all VMs, so that none looks like another.
    """
    power = POWER_STYLES.get(vm.power, POWER_STYLES[Power.UNKNOWN])
    name = name_of(vm, agent)
    link = agent.link if agent is not None else None
    odd, odd_style = _link_word(link, agent is None, vm.perhaps_ours != "")
    if said:
        odd, odd_style = clean_line(said), "$link-degraded"
    state = our_line("{} ", vm.power.value)
    room = width - 2 - AGE_CELLS - 1
    name_cells = min(MOST_NAME, max(LEAST_NAME, width * 2 // 5 - 3))
    room -= name_cells
    words: list[Piece] = [(state, "$muted" if vm.power is Power.RUNNING else power.style), (odd, odd_style)]
    if vm.power is Power.RUNNING and pieces_width(words) > room:
        words = words[1:]  # The sign says it, too.
    besides = _besides(vm, room - 1 - max(WORD_CELLS, pieces_width(words)))
    words = shortened(words, max(0, room - pieces_width(besides) - 1))
    blank = room - pieces_width(words) - pieces_width(besides)
    pieces: list[Piece] = [
        (our_line("{} ", power.glyph), power.style),
        (fit_apart(name, names, name_cells), "" if agent is not None else "italic"),
        (ours(" "), ""),
        *words,
        (repeated(ours(" "), blank), ""),
        *besides,
        (fit(age(now - vm.created_at) if vm.created_at else ours("–"), AGE_CELLS, right=True), "$muted"),
    ]
    return content(pieces)


def _besides(vm: Vm, room: int) -> list[Piece]:
    """Return its size, whether it has walls, and the beginning of its id, as much as there is room for, in columns."""
    if room < CORE_CELLS:
        return []
    if room < SIZE_CELLS:
        return [(fit(clean_line(vm.size.core), CORE_CELLS), "$muted")]
    size: Piece = (fit(clean_line(vm.size.brief), SIZE_CELLS), "$muted")
    pieces, room = [size], room - SIZE_CELLS
    if vm.confinement is not None and room >= WALLS_CELLS:
        style = "$muted" if vm.confinement.walls else "$link-degraded"
        pieces.append((fit(clean_line(vm.confinement.brief), WALLS_CELLS), style))
        room -= WALLS_CELLS
    return [*pieces, (fit(clean_line(vm.id[:8]), ID_CELLS), "$faint")] if room >= ID_CELLS else pieces


def plain_heading(number: int, width: int) -> Content:
    """The heading over the VMs of which the agents' rows say everything."""
    words = our_line("{} with {}", number, "its agent" if number == 1 else "their agents")
    return content(
        [(cut(words, width), "$muted"), (ours(" "), ""), (repeated(ours("─"), width - width_of(words) - 1), "$rule")]
    )


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


def _link_word(link: Link | None, orphan: bool, perhaps_ours: bool) -> Piece:
    """Say how our link stands, or that nobody claims the VM."""
    if orphan and perhaps_ours:
        return ours("perhaps ours"), "$link-degraded"
    if orphan or link is None:
        return ours("orphan"), "$link-degraded"
    look = link_look(link)
    return our_line("{} {}", look.glyph, look.word), "$muted" if link.state is LinkState.UP else look.style
