"""The way back and forward, against a list and an index moved by hand; and the line that says the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.text.sanitize import clean_line
from cockpit.ui.look.cells import pieces_width
from cockpit.ui.places.crumbs import Crumb, crumb_pieces
from cockpit.ui.places.history import MOST, PlaceHistory, ScreenPlace

PLACES = st.sampled_from(
    [
        ScreenPlace(),
        ScreenPlace("board"),
        ScreenPlace("agent", "a"),
        ScreenPlace("agent", "b"),
        ScreenPlace("agent", "gone"),
    ]
)
MOVES = st.lists(st.one_of(PLACES, st.sampled_from([-1, 1])), max_size=40)


def there(place: ScreenPlace) -> bool:
    return place.key != "gone"


@given(MOVES)
def test_back_and_forward_are_those_of_a_browser(moves: list[ScreenPlace | int]) -> None:
    history = PlaceHistory()
    before: list[ScreenPlace] = []
    after: list[ScreenPlace] = []
    here: ScreenPlace | None = None
    for move in moves:
        if isinstance(move, ScreenPlace):
            history.visit(move)
            if move != here:
                before, after, here = [*before, here] if here is not None else before, [], move
        else:
            pool, other = (before, after) if move < 0 else (after, before)
            wanted = next((at for at in reversed(range(len(pool))) if there(pool[at]) and pool[at] != here), None)
            found = history.ahead(move, there)
            assert found == (pool[wanted] if wanted is not None else None) == history.go(move, there)
            if wanted is not None and here is not None:
                passed = pool[wanted + 1 :]
                other += [here, *reversed(passed)]
                here = pool[wanted]
                del pool[wanted:]
        assert history.here == here


def test_the_oldest_places_are_forgotten() -> None:
    history = PlaceHistory()
    for number in range(3 * MOST):
        history.visit(ScreenPlace("agent", str(number)))
    steps = 0
    while history.go(-1, there) is not None:
        steps += 1
    assert steps == MOST - 1


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.integers(6, 80))
def test_the_way_fits_and_says_where_one_is(names: list[str], width: int) -> None:
    crumbs = [Crumb(clean_line(name), f"screen.crumb({at})") for at, name in enumerate(names)]
    pieces = crumb_pieces(crumbs, width)
    assert pieces_width(pieces) <= width
    if cell_len(crumbs[-1].name) + 1 <= width:
        assert any(text == crumbs[-1].name for text, _ in pieces)
    assert all("@click=screen.crumb(" in style for _, style in pieces if "@" in style)
