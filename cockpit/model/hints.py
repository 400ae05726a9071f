"""What in a text can be taken up: addresses, paths, hashes and ports, each with its place; and labels for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from cockpit.model.files.mentions import places_in
from cockpit.model.ports import MOST_PORT

LETTERS = "asdfghjkl"
"""The letters of the home row, on which the fingers are."""

MOST = len(LETTERS) ** 2
"""Things that get a label at a time."""


class HintKind(StrEnum):
    """What a thing is."""

    ADDRESS = "address"
    PATH = "path"
    HASH = "hash"
    PORT = "port"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that a text holds."""

    start: int
    """The first of its characters."""
    end: int
    """Behind its last."""
    kind: HintKind
    text: str
    """What is copied."""
    port: int = 0
    """The port on the VM itself that it means; 0 for none."""
    path: str = ""
    line: int = 0
    """Of the file that it means; 0 for none."""


_ADDRESS = re.compile(r"(?<![\w+.-])(?:https?|wss?|ssh|git|ftp)://[^\s<>\"'`│┃]+", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+@/-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![\w@-])")
_HERE = r"localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]"
_PORT = re.compile(
    rf"(?<![\w.:@/-])(?:(?P<host>{_HERE}|\d{{1,3}}(?:\.\d{{1,3}}){{3}})?:|port[ =:]{{1,2}})"
    r"(?P<port>\d{2,5})(?![\w.:%-]*\w)",
    re.IGNORECASE,
)
_IP = re.compile(r"(?<![\w.:-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.-]*\w)")
_HASH = re.compile(
    r"(?<![\w./-])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{7,40})(?![\w/-])"
)
_LOCAL = re.compile(rf"\w+://(?:{_HERE})(?::(\d{{1,5}}))?(?![\w.-])", re.IGNORECASE)
_ENDING = re.compile(
    r"\.(?:bash|c|cc|cfg|conf|cpp|css|csv|diff|env|gif|go|gz|h|hpp|html|ini|ipynb|java|jpe?g|jsx?|json|kt|lock|log|lua|md|mjs"
    r"|patch|pdf|php|pl|png|proto|pyi?|rb?|rs|rst|scala|scss|sh|sql|svelte|svg|swift|tar|tex|toml|tsx?|tsv|txt|vue|webp|xml"
    r"|ya?ml|zip|zsh)\Z",
    re.IGNORECASE,
)
"""Endings by which a name without a slash is told from what code calls: `store.py` from `store.events`."""

_CLOSING = {")": "(", "]": "[", "}": "{"}


def hints_in(text: str) -> tuple[Hint, ...]:
    """Return what can be taken up in a text, in order and without overlap."""
    found: list[Hint] = []
    rest = text

    def take(hint: Hint) -> None:
        nonlocal rest
        found.append(hint)
        rest = rest[: hint.start] + " " * (hint.end - hint.start) + rest[hint.end :]

    for match in _ADDRESS.finditer(text):
        address = _trimmed(match[0])
        if not address.endswith("://"):
            end = match.start() + len(address)
            take(Hint(match.start(), end, HintKind.ADDRESS, address, port=_port_of(address)))
    for match in [*_MAIL.finditer(rest)]:
        take(Hint(match.start(), match.end(), HintKind.ADDRESS, match[0]))
    for match in [*_PORT.finditer(rest)]:
        number = int(match["port"])
        if number <= MOST_PORT:
            here = match["host"] is None or re.fullmatch(_HERE, match["host"], re.IGNORECASE) is not None
            kind = HintKind.PORT if here else HintKind.ADDRESS
            shown = match[0] if match["host"] else str(number)
            take(Hint(match.start(), match.end(), kind, shown, port=number if here else 0))
    for match in [*_IP.finditer(rest)]:
        if all(int(part) < 256 for part in match[0].split(".")):
            take(Hint(match.start(), match.end(), HintKind.ADDRESS, match[0]))
    for match in [*_HASH.finditer(rest)]:
        # A number alone is none, and neither is a word.
        if re.search(r"[a-f]", match[0]) and re.search(r"\d", match[0]):
            take(Hint(match.start(), match.end(), HintKind.HASH, match[0]))
    for start, mention in places_in(rest):
        path = mention.path
        if "/" not in path and not _ENDING.search(path):
            continue
        end = start + len(path)
        shown = f"{path}:{mention.line}" if mention.line else path
        take(Hint(start, end, HintKind.PATH, shown, path=path, line=mention.line))
    return tuple(sorted(found, key=lambda hint: hint.start))


def _trimmed(address: str) -> str:
    """Return an address without what belongs to the sentence around it."""
    while address:
        last = address[-1]
        unpaired = last in _CLOSING and address.count(last) > address.count(_CLOSING[last])
        if last not in ".,;:!?*_…" and not unpaired:
            break
        address = address[:-1]
    return address


def _port_of(address: str) -> int:
    """Return the port that an address of the VM itself means, or 0."""
    match = _LOCAL.match(address)
    if match is None:
        return 0
    number = int(match[1] or (443 if address.lower().startswith(("https", "wss")) else 80))
    return number if number <= MOST_PORT else 0


def labels_for(texts: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a label for each text; none is the beginning of another, and who has one keeps it.

    Args:
        texts: what is to have one, the most wanted first; the rest of too many gets none.
        known: the labels given so far, whose length all keep.
    """
    wanted = list(dict.fromkeys(texts))
    kept = {text: known[text] for text in wanted if text in known}
    length = len(next(iter(known.values()))) if known else 1 if len(wanted) <= len(LETTERS) else 2
    free = (made for letters in product(LETTERS, repeat=length) if (made := "".join(letters)) not in known.values())
    fresh = (text for text in wanted if text not in kept)
    return kept | dict(zip(fresh, free, strict=False))
