"""Which texts look as if they held a secret: they are sent as any other, and not kept to be found again."""

from __future__ import annotations

import re

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


def holds_secret(text: str) -> bool:
    """Tell whether a text looks as if it held a key, a token or a password."""
    if _SHAPES.search(text):
        return True
    return any(not _CODE.search(match[1].strip("'\",.")) for match in _ASSIGNED.finditer(text))
