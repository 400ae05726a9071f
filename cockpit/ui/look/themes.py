"""Themes: TOML files with a palette and semantic variables, found in the package or beside it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

import cockpit
from cockpit.ui.look.agent_colours import LEAST, MOST

DARK_THEME, LIGHT_THEME = "cockpit-dark", "cockpit-light"
DEFAULT_THEME = DARK_THEME
ANSI_THEME = "ansi"
"""The one that tells by attributes what others tell by colours alone."""
AUTO_THEME = "auto"
"""The light one or the dark one, by what the terminal says of its ground."""

TOP_KEYS = ("name", "dark", "ansi", "contrast", "palette", "variables")

PALETTE_KEYS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)

ON_ANY_GROUND: Mapping[str, str] = {
    "dim": "ansi_bright_black",
    "plain": "ansi_default",
    "reverse": "ansi_bright_black",
    "underline": "ansi_black",
}
"""Words for what a theme with the terminal's own colours cannot say by a colour, for it does not know the ground. The
colours that stand for them never reach a terminal: `ui/terminal/colours.py` makes attributes of them."""

VARIABLE_DEFAULTS: Mapping[str, str] = {
    "muted": "#7f8a9e",
    "faint": "#49536a",
    "rule": "#2b3444",
    "rule-focus": "#7aa2f7",
    "row-cursor": "#26334d",
    "row-cursor-blurred": "#1c2431",
    "bar-background": "#161b24",
    "agent-running": "#8fcf7a",
    "agent-asking": "#ffc777",
    "agent-paused": "#9a8fd6",
    "agent-failed": "#f2777a",
    "agent-idle": "#7f8a9e",
    "agent-done": "#7dcfff",
    "link-up": "#8fcf7a",
    "link-degraded": "#e5b567",
    "link-down": "#f2777a",
    "mode-prompt": "#7aa2f7",
    "mode-steer": "#ff9e64",
    "mode-follow-up": "#c099ff",
    "transcript-user": "#7aa2f7",
    "transcript-thinking": "#67728a",
    "transcript-tool": "#86b8b1",
    "transcript-output": "#97a1b3",
    "transcript-stderr": "#f2777a",
    "transcript-question": "#ffc777",
    "transcript-marker": "#5f6b82",
    "transcript-diff-added": "#8fcf7a",
    "transcript-diff-removed": "#f2777a",
    "transcript-diff-hunk": "#7aa2f7",
}
"""Every semantic variable with the value it takes where a theme is silent; an undefined one would stop the start."""


class ThemeProblem(ValueError):
    """What is wrong with a theme's file: the text names the key."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key
        """The last part of the key's name."""


@dataclass(frozen=True, slots=True)
class LoadedThemes:
    """What was found, and what was wrong with the files that were not."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]


def theme_directories() -> tuple[Path, ...]:
    """Return where themes are looked for: inside an installed package, then beside a checkout."""
    package = Path(cockpit.__file__).parent
    return (package / "themes", package.parent / "themes")


def load_themes(directories: Iterable[Path] | None = None) -> LoadedThemes:
    """Read every theme file; a broken one becomes a problem, never a crash. The first file of a name wins."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for directory in theme_directories() if directories is None else directories:
        for path in sorted(directory.glob("*.toml")) if directory.is_dir() else ():
            try:
                theme = read_theme(path)
            except ValueError as error:
                problems.append(str(error))
                continue
            found.setdefault(theme.name, theme)
    return LoadedThemes(tuple(found.values()), tuple(problems))


def read_theme(path: Path) -> Theme:
    """Read one theme's file.

    Raises:
        ValueError: it cannot be read, or something in it is wrong; the text names the file, the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: it cannot be read: {error}") from error
    try:
        return parse_theme(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    except ThemeProblem as problem:
        line = _line_of(text, problem.key)
        raise ValueError(f"{path.name}{f', line {line}' if line else ''}: {problem}") from problem


def _line_of(text: str, key: str) -> int:
    """Return the number of the line that sets a key; 0 where none does."""
    wanted = re.compile(rf"\s*(?:\[+\s*)?(?:[A-Za-z-]+\s*\.\s*)?[\"']?{re.escape(key)}[\"']?\s*[=\]]")
    return next((number for number, line in enumerate(text.split("\n"), 1) if key and wanted.match(line)), 0)


@dataclass
class OwnTheme(Theme):
    """A theme of a file of ours or of the operator's."""

    contrast: float = LEAST
    """How much text of agents in colours of their own stands out from its ground, at least."""


def parse_theme(document: Mapping[str, Any]) -> Theme:
    """Build a theme from a parsed file.

    Raises:
        ThemeProblem: a key is missing, unknown, or no colour; the message names it.
    """
    if unknown := [key for key in document if key not in TOP_KEYS]:
        raise ThemeProblem(f"`{unknown[0]}` is not a known name{_nearest(unknown[0], TOP_KEYS)}", unknown[0])
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise ThemeProblem("`name` is missing")
    palette = _colours(document.get("palette", {}), "palette", PALETTE_KEYS)
    if "primary" not in palette:
        raise ThemeProblem("`palette.primary` is missing", "palette")
    variables = _colours(document.get("variables", {}), "variables", tuple(VARIABLE_DEFAULTS))
    variables |= {
        "block-cursor-background": variables.get("row-cursor", VARIABLE_DEFAULTS["row-cursor"]),
        "block-cursor-foreground": palette.get("foreground", "#ffffff"),
        "border": variables.get("rule-focus", palette["primary"]),
        "border-blurred": variables.get("rule", VARIABLE_DEFAULTS["rule"]),
        "scrollbar": variables.get("rule", VARIABLE_DEFAULTS["rule"]),
        "scrollbar-hover": variables.get("faint", VARIABLE_DEFAULTS["faint"]),
        "scrollbar-active": variables.get("rule-focus", palette["primary"]),
        "scrollbar-background": palette.get("background", "#000000"),
        "scrollbar-background-hover": palette.get("background", "#000000"),
        "scrollbar-background-active": palette.get("background", "#000000"),
        "scrollbar-corner-color": palette.get("background", "#000000"),
    }
    # What is selected is seen, and read: the framework mixes a colour for its ground.
    behind, before = palette["primary"], palette.get("background", "#000000")
    if document.get("ansi", False):
        behind, before = variables["block-cursor-background"], variables["block-cursor-foreground"]
    for where in ("input", "screen"):
        variables |= {f"{where}-selection-background": behind, f"{where}-selection-foreground": before}
    if document.get("ansi", False):
        # The framework's own style sheet needs more names where the colours are the terminal's.
        builtin = "ansi-dark" if document.get("dark", True) else "ansi-light"
        variables = {**BUILTIN_THEMES[builtin].variables, **variables}
    theme = OwnTheme(
        name,
        palette["primary"],
        dark=bool(document.get("dark", True)),
        ansi=bool(document.get("ansi", False)),
        contrast=_contrast(document.get("contrast", LEAST)),
    )
    for key, value in palette.items():
        setattr(theme, key, value)
    theme.variables = variables
    return theme


def _contrast(value: object) -> float:
    """Check how much text shall stand out: what eyes need at least, and no more than there is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST <= value <= MOST:
        raise ThemeProblem(f"`contrast` is a number from {LEAST} to {MOST}, not {value!r}", "contrast")
    return float(value)


def _colours(section: object, title: str, known: tuple[str, ...]) -> dict[str, str]:
    """Check that a section holds only known keys with colours."""
    if not isinstance(section, Mapping):
        raise ThemeProblem(f"`{title}` is not a table", title)
    colours: dict[str, str] = {}
    for key, value in section.items():
        if key not in known:
            raise ThemeProblem(f"`{title}.{key}` is not a known name{_nearest(key, known)}", key)
        if isinstance(value, str):
            value = ON_ANY_GROUND.get(value, value)
        try:
            Color.parse(value)
        except (ColorParseError, TypeError, AttributeError) as error:
            raise ThemeProblem(f"`{title}.{key}` is no colour: {value!r}", key) from error
        colours[key] = value
    return colours


def _nearest(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
