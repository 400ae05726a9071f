"""Which colour a terminal shows for one that it has not, and what stands for black where the ground is not known.

The framework's own way rounds each channel for itself, which makes teal of a dark blue ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color, ColorSystem, ColorType

_STEPS = (0, 95, 135, 175, 215, 255)
"""The levels of a channel in the cube of 6 by 6 by 6 colours (xterm, 256colres.h)."""
FIRST_OF_CUBE, FIRST_GREY = 16, 232
"""The numbers before are the terminal's own and may be any colour."""
GREYS = 24

BLACK, BRIGHT_BLACK = 0, 8
"""Two of the terminal's own colours. On a black ground, or in Solarized, they cannot be read; a theme that has only the
terminal's colours means by them what can be told apart on every ground."""

WHITES = (7, 15)

DIM, UNDERLINED, REVERSED = 1 << 1, 1 << 3, 1 << 6
"""Attributes, by their bits (Rich's)."""


def are_unwanted(environment: Mapping[str, str]) -> bool:
    """Say whether the operator wants no colours at all (no-color.org: `NO_COLOR` is there, and not empty)."""
    return bool(environment.get("NO_COLOR"))


def without_black(ground: Color | None, colour: Color | None) -> tuple[Color | None, Color | None, int]:
    """Return ground, colour and attributes for what has one of the terminal's own blacks as its ground or text.

    A bright black ground is drawn reversed, a black one underlined; such a text is dim, or plain, where the ground is
    the terminal's own. Black on white is the terminal's own reversed. On any other ground somebody chose both.
    """
    attributes = 0
    if _is_black(ground):
        attributes |= REVERSED if ground is not None and ground.number == BRIGHT_BLACK else UNDERLINED
        ground = None
    if _is_black(colour) and ground is not None and ground.number in WHITES and ground.type is ColorType.STANDARD:
        return None, None, attributes | REVERSED
    if _is_black(colour) and (ground is None or ground.is_default):
        attributes |= DIM if colour is not None and colour.number == BRIGHT_BLACK else 0
        colour = None
    return ground, colour, attributes


def _is_black(color: Color | None) -> bool:
    return color is not None and color.type is ColorType.STANDARD and color.number in (BLACK, BRIGHT_BLACK)


@lru_cache(maxsize=4096)
def shown_as(color: Color, system: ColorSystem) -> Color:
    """Return the colour that a terminal with some colours shows for one."""
    if system is not ColorSystem.EIGHT_BIT or color.type is not ColorType.TRUECOLOR or color.triplet is None:
        return color.downgrade(system)
    number = nearest(*color.triplet)
    return Color(name=f"color({number})", type=ColorType.EIGHT_BIT, number=number)


def nearest(red: int, green: int, blue: int) -> int:
    """Return the number of the colour of cube and greys that looks most like one, its channels from 0 to 255."""
    cube = [min(range(6), key=lambda step: abs(_STEPS[step] - channel)) for channel in (red, green, blue)]
    around = [sorted({max(0, step - 1), step, min(5, step + 1)}) for step in cube]
    candidates = [
        (FIRST_OF_CUBE + 36 * r + 6 * g + b, (_STEPS[r], _STEPS[g], _STEPS[b]))
        for r in around[0]
        for g in around[1]
        for b in around[2]
    ]
    candidates += [(FIRST_GREY + step, (8 + 10 * step,) * 3) for step in range(GREYS)]
    return min(candidates, key=lambda one: _distance((red, green, blue), one[1]))[0]


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return how different two colours look, by the weights of red and blue that depend on how red they are."""
    mean = (one[0] + other[0]) / 2
    red, green, blue = (first - second for first, second in zip(one, other, strict=True))
    return (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue
