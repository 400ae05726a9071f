"""Which texts look as if they held a secret: they are sent as any other, and not kept to be found again."""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = 4_000
"""Characters that are looked at in one go, at least: nothing else of the process runs meanwhile."""

BESIDE = 500
"""Characters before a piece that are looked at with it: what belongs together may stand on several lines."""

_SHAPES = re.compile(
    r"""
    \b(?:sk|rk|pk)[-_][A-Za-z0-9_-]{16,}              # keys of model providers and of payment services
    | \b(?:gh[pousr]_|github_pat_|glpat-|npm_|hf_|pypi-)[A-Za-z0-9_-]{16,}
    | \bxox[abeprs]-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bAIza[A-Za-z0-9_-]{30,}
    | \beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,}   # JSON web tokens
    | -----BEGIN\ [A-Z\ ]{0,30}PRIVATE\ KEY-----
    | \bBearer\s+[A-Za-z0-9._~+/-]{12,}
    | ://[^\s/:@]{1,64}:[^\s/@]{3,}@                  # a password in an address
    """,
    re.VERBOSE,
)

_ASSIGNED = re.compile(
    r"(?:pass(?:word|wd|phrase)|secret|token|api[-_ ]?key|access[-_ ]?key|auth[-_ ]?key|credential)s?[\w-]{0,24}"
    r"['\"]?\s*[=:]\s*['\"]?(\S{8,})",
    re.IGNORECASE,
)
"""A value behind a word that says what it is."""

_CODE = re.compile(r"[(){}\[\];<>]|\.\.|^[a-z_.]+,?$")
"""What is assigned in code, or written in words, and no secret: a call, a type, one plain word."""


def is_short(text: str) -> bool:
    """Tell whether a text is looked through in no time."""
    return len(text) <= PIECE


def holds_secret(text: str) -> bool:
    """Tell whether a text looks as if it held a key, a token or a password."""
    return any(map(_holds, _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    """Cut a text at ends of lines."""
    begin = 0
    while begin < len(text) or not begin:
        end = text.find("\n", begin + PIECE) + 1 or len(text)
        before = text.rfind("\n", 0, max(0, begin - BESIDE)) + 1 if begin > BESIDE else 0
        yield text[before:end]
        if end == len(text):
            return
        begin = end


def _holds(text: str) -> bool:
    if _SHAPES.search(text):
        return True
    return any(not _CODE.search(match[1].strip("'\",.")) for match in _ASSIGNED.finditer(text))
