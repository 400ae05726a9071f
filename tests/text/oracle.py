"""What may stand in clean text, character by character."""

from __future__ import annotations

from cockpit.text.characters import CharacterKind, kind_of
from cockpit.text.joiners import joins, shapes_emoji


def is_clean(text: str) -> bool:
    """Say whether no character of a text can act on a terminal, hide, or reorder; LF is allowed."""
    harmless = (CharacterKind.PLAIN, CharacterKind.COMBINING)
    return all(
        character == "\n" or kind_of(character) in harmless or joins(text, at) or shapes_emoji(text, at)
        for at, character in enumerate(text)
    )
