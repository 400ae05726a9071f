"""Whether what is drawn can be read: the contrast of cells, by the sequences that a terminal gets for them.

Letters and digits want 4.5 to 1 against their ground, signs and rules 3 to 1. Of the terminal's own colours those are
allowed that can be told from white, black and Solarized; letters in them are never dim.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from textual._ansi_theme import MONOKAI
from textual.app import App
from textual.theme import Theme

from cockpit.ui.look.themes import PALETTE_KEYS, VARIABLE_DEFAULTS, parse_theme
from cockpit.ui.terminal.cells import Pen, pen_of

LEAST_OF_TEXT, LEAST_OF_SIGNS = 4.5, 3.0

Rgb = tuple[int, int, int]

TERMINALS = {
    "xterm on white": ("#ffffff", {"31": "#cd0000", "35": "#cd00cd", "": "#000000"}),
    "xterm on black": ("#000000", {"31": "#cd0000", "35": "#cd00cd", "": "#e5e5e5"}),
    "Solarized dark": ("#002b36", {"31": "#dc322f", "35": "#d33682", "": "#839496"}),
    "Solarized light": ("#fdf6e3", {"31": "#dc322f", "35": "#d33682", "": "#657b83"}),
}
"""What four grounds make of red, magenta and their own text (xterm's resources; Schoonover's table)."""

DIM, REVERSED = "2", "7"


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: Rgb) -> float:
        channels = [part / 255 for part in colour]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def written(text: str) -> Rgb:
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


def drawn_texts(app: App[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the screen itself draws, each text with its style: not what stands dimmed behind a dialog."""
    own = [child.region for child in app.screen.children]
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for text, style, control in strip:
            if not control and text.strip() and style is not None and any(one.contains(x, y) for one in own):
                yield text.strip(), style
            x += cell_len(text)


def poor(app: App[Any], *, own_colours: bool, least: float = LEAST_OF_TEXT) -> list[str]:
    """Return what of a screen cannot be read well, in words.

    Args:
        app: what is judged.
        least: what letters want against their ground.
        own_colours: the theme has the terminal's own colours alone: judged on four grounds, and without any colour.
    """
    found: dict[str, None] = {}
    for text, style in drawn_texts(app):
        letters = any(character.isalnum() for character in text)
        pen = pen_of(style, ColorSystem.TRUECOLOR)
        for said in (
            unreadable_on_any_ground(pen, letters=letters)
            if own_colours
            else unreadable_on_its_ground(pen, letters=letters, least=least)
        ):
            found[f"{said}: {text!r}"] = None
        if own_colours:
            without = pen_of(style, None)
            if without.ground or without.colour or (letters and DIM in without.attributes.split(";")):
                found[f"without colours {without}: {text!r}"] = None
    return list(found)


def unreadable_on_its_ground(pen: Pen, *, letters: bool, least: float = LEAST_OF_TEXT) -> Iterator[str]:
    ground, colour = (_channels(part) for part in (pen.ground, pen.colour))
    if ground is None or colour is None:
        yield f"one of two colours is the terminal's own {pen}"
        return
    if DIM in pen.attributes.split(";"):
        colour = (colour[0] + ground[0]) // 2, (colour[1] + ground[1]) // 2, (colour[2] + ground[2]) // 2
    least = least if letters else LEAST_OF_SIGNS
    ratio = contrast(colour, ground)
    if ratio < least:
        yield f"{ratio:.2f} of {colour} on {ground}"


THEMES = Path(__file__).parents[3] / "themes"
PROBE = "probe"
GROUNDS = ("background", "surface", "panel", "bar-background", "row-cursor", "row-cursor-blurred")
"""What is dark in the probe: what agents choose can be read on these as it is, and is known by its colour."""

PROBED: Mapping[Rgb, str] = {
    (0, 0, 1 + place) if key in GROUNDS else (200 + place * 37 % 56, 200 + place * 23 % 56, 200 + place * 41 % 56): key
    for place, key in enumerate((*PALETTE_KEYS, *VARIABLE_DEFAULTS))
}
"""A colour of its own for each name that a theme gives a colour: what is drawn tells which names it was drawn with, or
that it was mixed, for none lies between others."""

OF_AGENTS = frozenset(tuple(Color.from_ansi(number).get_truecolor(MONOKAI)) for number in range(16))
"""What agents' own colours are shown as in the dark, where these can be read; whether they can is tested elsewhere."""


def probe() -> Theme:
    """Return a theme whose colours tell their names."""
    colours = {key: "#{:02x}{:02x}{:02x}".format(*value) for value, key in PROBED.items()}
    palette = {key: colours[key] for key in PALETTE_KEYS}
    return parse_theme(
        {"name": PROBE, "palette": palette, "variables": {key: colours[key] for key in VARIABLE_DEFAULTS}}
    )


def said_by_themes() -> dict[str, dict[str, Rgb]]:
    """Return the colours of each shipped theme that has colours of its own, as its file says them."""
    found = {path.stem: tomllib.loads(path.read_text()) for path in sorted(THEMES.glob("*.toml"))}
    return {
        name: {key: written(value) for part in ("palette", "variables") for key, value in theme[part].items()}
        for name, theme in found.items()
        if not theme.get("ansi")
    }


def poor_in_some_theme(app: App[Any], themes: Mapping[str, Mapping[str, Rgb]]) -> list[str]:
    """Return what of a screen that wears the probe could not be read well in one of the themes, in words."""
    found: dict[str, None] = {}
    seen: set[tuple[Pen, bool]] = set()
    for text, style in drawn_texts(app):
        letters = any(character.isalnum() for character in text)
        pen = pen_of(style, ColorSystem.TRUECOLOR)
        if (pen, letters) in seen:
            continue
        seen.add((pen, letters))
        ground, colour = _channels(pen.ground), _channels(pen.colour)
        if ground is None or colour is None or {ground, colour} - PROBED.keys() - OF_AGENTS:
            found[f"{colour} on {ground} is no theme's: {text!r}"] = None
        elif not {ground, colour} & OF_AGENTS:
            behind, before = PROBED[ground], PROBED[colour]
            for name, said in themes.items() if letters or behind != before else ():
                ratio = contrast(said[behind], said[before])
                if ratio < (LEAST_OF_TEXT if letters else LEAST_OF_SIGNS):
                    found[f"{name}: {ratio:.2f} of {before} on {behind}: {text!r}"] = None
    return list(found)


def _channels(part: str) -> Rgb | None:
    numbers = [int(number) for number in part.split(";") if number]
    return (numbers[2], numbers[3], numbers[4]) if len(numbers) == 5 else None


def unreadable_on_any_ground(pen: Pen, *, letters: bool) -> Iterator[str]:
    ground = {"41": "31", "45": "35", "49": ""}.get(pen.ground, pen.ground)
    colour = {"39": ""}.get(pen.colour, pen.colour)
    if letters and DIM in pen.attributes.split(";"):
        yield f"letters are dim {pen}"
    for name, (behind, colours) in TERMINALS.items():
        if colour not in colours or ground not in colours:
            yield f"a colour that not every ground bears {pen}"
            return
        ratio = contrast(written(colours[colour]), written(colours[ground] if ground else behind))
        if ratio < LEAST_OF_SIGNS:
            yield f"{ratio:.2f} on {name} {pen}"
