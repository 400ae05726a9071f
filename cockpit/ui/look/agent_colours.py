"""The colours an agent's tools print with, as style words of the screen."""

from __future__ import annotations

from functools import lru_cache

from cockpit.text.style import Colour, TextStyle

TERMINAL_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""The names of the terminal's own colours 0-7; 8-15 are their bright forms."""

CUBE_STEPS = (0, 95, 135, 175, 215, 255)
"""Channel values of the 6x6x6 cube, colours 16-231 of the 256-colour palette (xterm)."""


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
    return " ".join(words)


def colour_word(colour: Colour) -> str:
    """Return a colour as a word: the terminal's own by name, others by their value."""
    if isinstance(colour, tuple):
        return "#{:02x}{:02x}{:02x}".format(*colour)
    if colour < 16:
        bright = "bright_" if colour >= 8 else ""
        return f"ansi_{bright}{TERMINAL_COLOURS[colour % 8]}"
    if colour >= 232:
        grey = 8 + 10 * (colour - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return f"#{CUBE_STEPS[red]:02x}{CUBE_STEPS[green]:02x}{CUBE_STEPS[blue]:02x}"
