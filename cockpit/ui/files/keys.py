"""The keys of the files, and how the foot of the screen shows them: those that count now, and few."""

from __future__ import annotations

from textual.binding import Binding

Keys = tuple[tuple[str, str], ...]

BINDINGS = (
    Binding("escape,q", "back_out", "back", show=False),
    Binding("enter,right", "open", "open", show=False),
    Binding("left,backspace", "close", "close", show=False),
    Binding("tab,shift+tab", "switch", "other side", show=False),
    Binding("slash", "search(False)", "name", show=False),
    Binding("s", "search(True)", "content", show=False),
    Binding("e", "edit", "edit", show=False),
    Binding("g", "carry('get')", "get", show=False),
    Binding("p", "carry('put')", "put", show=False),
    Binding("r", "reload", "reload", show=False),
    Binding("n", "page(1)", "next part", show=False),
    Binding("b", "page(-1)", "part before", show=False),
    Binding("x", "cancel", "cancel", show=False),
)
"""What each key does; the screen has the acts."""

_TREE: Keys = (
    ("⏎", "open"), ("/", "name"), ("s", "content"), ("e", "edit"), ("g", "get"), ("p", "put"), ("esc", "back"),
)  # fmt: skip
_FOUND: Keys = (("⏎", "open"), ("e", "edit"), ("g", "get"), ("esc", "tree"))
_PAGE: Keys = (("↑↓", "read"), ("n b", "part"), ("e", "edit"), ("g", "get"), ("esc", "tree"))
_SEARCH: Keys = (("⏎", "search"), ("esc", "leave it"))
_WRITING = ("e", "p")


def keys_for(focus: str, *, found: bool, read_only: bool) -> Keys:
    """Return the keys of the part with the focus: `tree`, `page`, `needle`; the tree may show what was found."""
    keys = {"page": _PAGE, "needle": _SEARCH}.get(focus, _FOUND if found else _TREE)
    return tuple(key for key in keys if not read_only or key[0] not in _WRITING)
