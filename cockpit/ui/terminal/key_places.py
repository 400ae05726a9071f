"""Where on the keyboard a key is, as the terminal says: single-letter keys act by their place on any layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from textual import events
from textual.keys import _character_to_key

ASK_FOR_PLACES = "\x1b[=4;2u"
"""Has alternate keys reported beside the key (kitty, keyboard-protocol: progressive enhancement, flag 4)."""

MOST_PLACES = 512
"""Keys whose places are kept: a keyboard has a hundred, with and without modifiers."""

_ALTERNATES = re.compile(r"\x1b\[(?P<key>\d{1,7}):\d{0,7}(?::(?P<base>\d{1,7}))?(?P<rest>(?:;[\d:]{0,64}){0,2})u")
"""Key, shifted key, key at that place of the standard layout; modifiers, text."""
_PLAIN = "`1234567890-=[]\\;',./"
_SHIFTED = '~!@#$%^&*()_+{}|:"<>?'
_SHIFT = dict(zip(_PLAIN, _SHIFTED, strict=True))
"""What shift makes of the keys of the standard layout (US QWERTY) that are no letters."""


class KeyPlaces:
    """What each key of the operator's layout is on the standard one, as far as the terminal told."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    @property
    def known(self) -> Mapping[str, str]:
        """Names of keys of this layout, and the names of the keys at their places."""
        return MappingProxyType(self._known)

    def without_alternates(self, sequence: str) -> str:
        """Return a key's sequence without the keys it could be elsewhere; any other as it is."""
        found = _ALTERNATES.fullmatch(sequence)
        return sequence if found is None else f"\x1b[{found['key']}{found['rest']}u"

    def learn(self, sequence: str, keys: Iterable[events.Key]) -> None:
        """Remember the place that a sequence tells of its key; a key that ASCII has acts as what it is."""
        found = _ALTERNATES.fullmatch(sequence)
        if found is None or not found["base"]:
            return
        base = int(found["base"])
        modifiers = int(found["rest"].split(";")[1].split(":")[0] or 1) - 1 if found["rest"] else 0
        if not 0x20 < base < 0x7F:
            return
        character = chr(base)
        if modifiers & 1:
            character = _SHIFT.get(character, character.upper())
        for key in keys:
            if not key.key.isascii() and len(self._known) < MOST_PLACES:
                self._known[key.key] = "+".join([*key.key.split("+")[:-1], _character_to_key(character)])
