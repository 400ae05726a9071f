"""A stylesheet that one app of a test has parsed is not parsed again for each app after it."""

from __future__ import annotations

import sys
from typing import Any

_PARSED: dict[tuple[Any, ...], list[Any]] = {}
"""Rules by all that they are made of; nothing that uses rules changes them."""


def parse_once() -> None:
    """Let the framework's stylesheets keep what they parse for all apps of this process.

    The framework keeps it for one stylesheet alone (`textual/css/stylesheet.py`), and each app has one of its own: in a
    pilot's short test a fifth of its work was to parse the same text again.
    """
    if "textual.app" not in sys.modules:
        return
    from textual.css.stylesheet import Stylesheet

    parse: Any = Stylesheet._parse_rules

    def parse_rules(
        self: Any, css: str, read_from: Any, is_default_rules: bool = False, tie_breaker: int = 0, scope: str = ""
    ) -> list[Any]:
        made_of = (frozenset(self._variables.items()), css, read_from, is_default_rules, tie_breaker, scope)
        if made_of not in _PARSED:
            _PARSED[made_of] = parse(self, css, read_from, is_default_rules, tie_breaker, scope)
        return _PARSED[made_of]

    stylesheet: Any = Stylesheet
    stylesheet._parse_rules = parse_rules
