"""Names in paths: any text but the empty one, slashes included where they came percent-encoded."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

NAME = "name"
"""The kind of a path's part that is such a name: `{id:name}`."""


class _NameConvertor(Convertor[str]):
    """A path's part that may hold slashes: by the time it is matched, the percent signs are decoded."""

    regex = ".+"

    def convert(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Return it as it is."""
        return value


register_url_convertor(NAME, _NameConvertor())
