"""How keys are written for people."""

from __future__ import annotations

KEY_NAMES = {
    "exclamation_mark": "!",
    "question_mark": "?",
    "quotation_mark": '"',
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "minus": "-",
    "plus": "+",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "dollar_sign": "$",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "backslash": "\\",
    "number_sign": "#",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "asterisk": "*",
    "ampersand": "&",
    "equals_sign": "=",
    "apostrophe": "'",
    "tilde": "~",
    "vertical_line": "|",
    "enter": "⏎",
    "shift+tab": "shift-tab",
    "shift+down": "shift-↓",
    "shift+up": "shift-↑",
    "tab": "tab",
}


def key_label(key: str) -> str:
    """Return how a key is written for people: `ctrl+p` becomes `^p`."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    return f"^{key.removeprefix('ctrl+')}" if key.startswith("ctrl+") else key


def key_labels(keys: str) -> str:
    """Return all keys of an action for people, space-separated."""
    return " ".join(key_label(key.strip()) for key in keys.split(",") if key.strip())
