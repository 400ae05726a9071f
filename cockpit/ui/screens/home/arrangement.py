"""Where the areas of the home screen stand: a pure function of its size, what it shows, and what the operator set.

A frame is drawn around what has the focus only, so that neighbours share the cells at their sides; what has something
below it needs no line of its own there, for a title stands in the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from textual.geometry import Region

AGENTS, BOARD, VMS, FEED, CENTER = "agents", "board", "vms", "feed", "center"
SIDE = (BOARD, VMS, FEED)
"""Areas beside the output; each can be hidden."""

LEAST_SIDE, LEAST_CENTER = 26, 40
"""Cells below which an area is of no use."""
LEAST_ROWS, LEAST_OUTPUT = 5, 8
"""Lines of agents and of the output, with their titles."""
LEAST_LINES = 4
"""Lines of an area beside the output, with its title."""
READABLE = 100
"""Cells of a line beyond which it is not easier to read."""
EVER = 10_000
"""Lines that nobody has room for."""
BARS = 2
"""Lines of the header and of the keys."""
STRIP = ((50, 7), (30, 5), (24, 3), (0, 2))
"""From so many lines of the screen on, the lines that what waits usually takes."""


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Screens that are laid out alike; what the operator sets for one holds for no other."""

    name: str
    columns: int
    """From this width on."""
    lines: int
    """And from this height on."""


SIZE_CLASSES = (
    SizeClass("wide", 150, 30),
    SizeClass("normal", 100, 30),
    SizeClass("small", 70, 0),
    SizeClass("single", 0, 0),
)
"""The largest first: output between two columns of areas; beside one; below the agents; one area at a time."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator set for one class of sizes."""

    agents: int = 0
    """Lines more, or less, for the agents."""
    side: int = 0
    """Cells more, or less, for the areas beside the output."""
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HomeView:
    """What the areas are shared out by."""

    slot: str = AGENTS
    """The area with the focus, or that had it last among the lists."""
    reading: bool = False
    """The output or the composer has the focus."""
    zoomed: str = ""
    """The area that has everything."""
    rows: int = 0
    """Lines of the rows of the list of agents."""
    needs: Mapping[str, int] = field(default_factory=dict)
    """Lines of the rows of the areas beside the output; who is not among them takes what there is."""
    wishes: Mapping[str, Wishes] = field(default_factory=dict)
    """By the names of the size classes."""


def size_class(width: int, height: int) -> str:
    """Return the name of a size's class."""
    return next(one.name for one in SIZE_CLASSES if width >= one.columns and height >= one.lines)


def arrange(width: int, height: int, view: HomeView, screen_height: int = 0) -> dict[str, Region]:
    """Return the region of each area that is in sight, frames included.

    Args:
        width: cells there are.
        height: lines there are.
        view: what is shown.
        screen_height: lines of the whole screen; they decide about its class.
    """
    name = size_class(width, screen_height or height)
    everything = Region(0, 0, width, height)
    if view.zoomed:
        return {view.zoomed: everything}
    if name == "single":
        return {CENTER if view.reading else view.slot: everything}
    wishes = view.wishes.get(name, Wishes())
    top = _agents_height(height, view, wishes, small=name == "small")
    above = AGENTS if name != "small" else view.slot
    found = {above: Region(0, 0, width, top)}
    rest = Region(0, top, width, height - top)
    if name == "small":
        return {**found, CENTER: rest}
    left, right, last = _columns(name, view, wishes)
    cells = max(LEAST_SIDE, min(width // 2 - 8, _side_width(width, name) + wishes.side))
    before = cells if left else 0
    after = cells if right else 0
    if width - before - after < LEAST_CENTER:
        right, after = [], 0
    found |= _stacked(left, Region(0, rest.y, before, rest.height), view.needs, last)
    found |= _stacked(right, Region(width - after, rest.y, after, rest.height), view.needs)
    start, end = before - 1 if before else 0, width - after + 1 if after else width
    return {**found, CENTER: Region(start, rest.y, end - start, rest.height)}


def _agents_height(height: int, view: HomeView, wishes: Wishes, *, small: bool) -> int:
    """Return the lines for the agents with title and frame: as many as rows, and the output keeps its part."""
    wanted = max(LEAST_ROWS, view.rows + 1)
    if small and view.slot != AGENTS:
        wanted = height
    usual = min(wanted, height * (5 if small else 4) // 10)
    return max(LEAST_ROWS, min(height - LEAST_OUTPUT, usual + wishes.agents))


def lines_for_agents(width: int, view: HomeView, screen_height: int) -> int:
    """Return the lines that the rows of agents may take, had they as many as they like; 0 where the list is not seen.

    What waits for the operator is taken to be there: a list must not change its form whenever somebody asks.
    """
    above = next(lines for height, lines in STRIP if screen_height >= height)
    regions = arrange(width, screen_height - BARS - above, replace(view, rows=EVER), screen_height)
    region = regions.get(AGENTS)
    return max(0, region.height - 1 - (AGENTS in closed(regions))) if region is not None else 0


def _side_width(width: int, name: str) -> int:
    if name != "wide":
        return width * 3 // 10
    # Where lines of the output are long enough to be read, the areas beside it get more of the rest.
    return max(width // 4, min(width * 3 // 10, (width - READABLE) // 2))


def _columns(name: str, view: HomeView, wishes: Wishes) -> tuple[list[str], list[str], str]:
    """Return the areas on both sides of the output, from top to bottom, and which stands there if room is left."""
    shown = [area for area in SIDE if area not in wishes.hidden]
    if name == "wide":
        return [area for area in shown if area != FEED], [area for area in shown if area == FEED], ""
    # Beside one column the feed takes the place of the VMs while it is asked for, unless both have room.
    last = VMS if view.slot == FEED else FEED
    return [] if shown == [last] else shown, [], last


def _stacked(areas: list[str], region: Region, needs: Mapping[str, int], last: str = "") -> dict[str, Region]:
    """Share a column out: each gets what it needs, and what one does not need the others get.

    Args:
        areas: from top to bottom.
        region: the column.
        needs: lines of their rows.
        last: which of them is there only if the others leave it room.
    """
    others = [area for area in areas if area != last]
    if last in areas and others and region.height - sum(_wanted(area, needs) for area in others) <= LEAST_LINES:
        areas = others
    if not areas or region.width <= 0:
        return {}
    found: dict[str, Region] = {}
    for at, area in enumerate(areas[:-1]):
        below = areas[at + 1 :]
        lines = _share(region.height, _wanted(area, needs), [_wanted(one, needs) for one in below])
        found[area], region = region.split_horizontal(lines)
    return {**found, areas[-1]: region}


def _wanted(area: str, needs: Mapping[str, int]) -> int:
    """Return the lines that an area would like, with its title."""
    return max(LEAST_LINES, needs.get(area, EVER) + 1)


def _share(height: int, wanted: int, below: list[int]) -> int:
    """Return the lines of an area above others: what it would like, and the greater part where all want more."""
    usual = max(LEAST_LINES, height * 6 // 10) if len(below) == 1 else max(LEAST_LINES, height * 4 // 10)
    # The frame of the lowest needs a line of its own.
    left = height - sum(below) - 1
    return max(LEAST_LINES, min(wanted, max(usual, left), height - LEAST_LINES * len(below)))


def closed(regions: Mapping[str, Region]) -> frozenset[str]:
    """Return the areas that have nothing below them: their frames need a line there."""
    lowest = max((region.bottom for region in regions.values()), default=0)
    return frozenset(area for area, region in regions.items() if region.bottom == lowest)
