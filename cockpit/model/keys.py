"""What keys and tokens look like, for whoever must not let one through."""

from __future__ import annotations

import re

KEY_FORMS: tuple[tuple[str, str], ...] = (
    ("a key of the platform", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[0-9a-f]{64}"),
    ("a key of a model provider", r"sk-ant-[A-Za-z0-9_-]{24,}"),
    ("a token of GitHub", r"gh[pousr]_[A-Za-z0-9]{36}"),
    ("a token of GitHub", r"github_pat_[A-Za-z0-9_]{40,}"),
    ("a key of AWS", r"AKIA[0-9A-Z]{16}"),
)
"""What it is, and its form, as `grep -E` takes it."""

_FORMS = tuple((what, re.compile(form)) for what, form in KEY_FORMS)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")


def key_in(text: str) -> str:
    """Say what kind of key stands in a text, without repeating it; empty if none is seen."""
    if _PRIVATE.search(text):
        return "a private key"
    return next((what for what, form in _FORMS if form.search(text)), "")
