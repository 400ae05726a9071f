"""The colours an agent's tools print with, as style words of the screen, and made readable on the theme's ground."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from rich.color import Color as ShownColour
from rich.color import ColorType
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.filter import ANSIToTruecolor

from cockpit.text.style import Colour, TextStyle

BLACKS: Mapping[int, str] = {0: "#000000", 8: "#7f7f7f"}
"""Black and bright black have values (xterm's): a theme may mean something else by their names."""

TERMINAL_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""The names of the terminal's own colours 0-7; 8-15 are their bright forms."""

CUBE_STEPS = (0, 95, 135, 175, 215, 255)
"""Channel values of the 6x6x6 cube, colours 16-231 of the 256-colour palette (xterm)."""

READABLE: Mapping[int, int] = {1: 1, 9: 1, 5: 5, 13: 5}
"""The terminal's own colours that can be read on any ground, and what they are shown as."""

CHOSEN = "@chosen"
"""Marks, in what Textual notes in a style, what agents chose where the colour alone does not tell it."""

LEAST, MOST = 4.5, 15.0
"""Contrast of text and its ground: what it needs (WCAG 2.2, 1.4.3), and the most that a theme can ask for."""
STEPS = 16
"""Of the way to white or black a colour is taken along until it can be read."""

Channels = tuple[int, int, int]

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@lru_cache(maxsize=1024)
def style_words(style: TextStyle) -> str:
    """Return a style as words, such as `bold ansi_red`."""
    words = [
        word
        for word, wanted in (
            ("bold", style.bold),
            ("dim", style.dim),
            ("italic", style.italic),
            ("underline", style.underline),
            ("reverse", style.reverse),
            ("strike", style.strike),
        )
        if wanted
    ]
    if style.foreground is not None:
        words.append(colour_word(style.foreground))
    if style.background is not None:
        words += ["on", colour_word(style.background)]
    if style.dim or any(map(_has_a_value, (style.foreground, style.background))):
        words.append(f"{CHOSEN}=1")
    return " ".join(words)


def _has_a_value(colour: Colour | None) -> bool:
    return colour is not None and colour_word(colour).startswith("#")


def colour_word(colour: Colour) -> str:
    """Return a colour as a word: the terminal's own by name, others by their value."""
    if isinstance(colour, tuple):
        return "#{:02x}{:02x}{:02x}".format(*colour)
    if colour in BLACKS:
        return BLACKS[colour]
    if colour < 16:
        bright = "bright_" if colour >= 8 else ""
        return f"ansi_{bright}{TERMINAL_COLOURS[colour % 8]}"
    if colour >= 232:
        grey = 8 + 10 * (colour - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return f"#{CUBE_STEPS[red]:02x}{CUBE_STEPS[green]:02x}{CUBE_STEPS[blue]:02x}"


class ReadableColours(ANSIToTruecolor):
    """Shows the terminal's own colours by their values, and whatever an agent chose so that it can be read.

    Whoever printed it did not know the ground. The colours of a theme are left as they are: a test holds them to it.
    """

    def __init__(self, terminal_theme: TerminalTheme, *, own: bool = False, least: float = LEAST) -> None:
        """Prepare.

        Args:
            terminal_theme: the values of the terminal's own colours.
            own: those are drawn as they are, on a ground that nobody knows.
            least: how much text stands out from its ground.
        """
        super().__init__(terminal_theme)
        self._own = own
        self._least = least

    @lru_cache(1024)  # noqa: B019 - a theme has one, and it is the framework's own way
    def truecolor_style(self, style: Style, background: ShownColour) -> Style:
        """Return how a style is shown on a ground, which its own goes before."""
        noted = style._meta is not None and CHOSEN in style.meta
        if self._own:
            theirs = _is_of_a_theme(style.color, {*BLACKS, *READABLE.values()}) and _is_of_a_theme(
                style.bgcolor, BLACKS
            )
            return on_any_ground(style) if noted or not theirs else style
        chosen = noted or any(color is not None and color.triplet is None for color in (style.color, style.bgcolor))
        shown = super().truecolor_style(style, background)
        ground = background if shown.bgcolor is None else shown.bgcolor
        if not chosen or shown.color is None or shown.color.triplet is None or ground.triplet is None:
            return shown
        readable = readable_on(ground.triplet, shown.color.triplet, self._least)
        behind = ground_for(ground.triplet, readable, self._least)
        on = None if behind == ground.triplet else ShownColour.from_rgb(*behind)
        return shown + Style.from_color(ShownColour.from_rgb(*readable), on)


def _is_of_a_theme(color: ShownColour | None, numbers: Collection[int]) -> bool:
    """Tell whether a colour is none, or one of the terminal's own that a theme may name."""
    return color is None or color.is_default or (color.type is ColorType.STANDARD and color.number in numbers)


def on_any_ground(style: Style) -> Style:
    """Return what an agent chose as it can be read on white, black and Solarized.

    Red and magenta stay so, other text is plain; a ground of its own is the same reversed. Nothing is dim.
    """
    said = style.color
    if not _is_of_a_theme(style.bgcolor, BLACKS):
        said = style.bgcolor
        style += Style(reverse=not style.reverse, bgcolor="default")
    number = READABLE.get(said.number or 0) if said is not None and said.type is ColorType.STANDARD else None
    return style + Style(color="default" if number is None else f"color({number})", dim=False)


def readable_on(ground: Channels, colour: Channels, least: float = LEAST) -> Channels:
    """Return a colour, or the nearest on its way to white or black that can be read on a ground."""
    far = max((WHITE, BLACK), key=lambda end: contrast(ground, end))
    return _on_the_way(colour, far, lambda shown: contrast(ground, shown) >= least)


def ground_for(ground: Channels, colour: Channels, least: float) -> Channels:
    """Return a ground, or the nearest on its way to white or black on which a colour can be read.

    On a ground in the middle even white and black do not stand out as much as a theme may want.
    """
    far = max((WHITE, BLACK), key=lambda end: contrast(end, colour))
    return _on_the_way(ground, far, lambda shown: contrast(shown, colour) >= least)


def _on_the_way(colour: Channels, far: Channels, fits: Callable[[Channels], bool]) -> Channels:
    for step in range(STEPS + 1):
        red, green, blue = (
            (part * (STEPS - step) + end * step) // STEPS for part, end in zip(colour, far, strict=True)
        )
        if fits((red, green, blue)):
            return red, green, blue
    return far


def contrast(one: Channels, other: Channels) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Channels) -> float:
    red, green, blue = (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
