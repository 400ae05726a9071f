"""How many images a text names, counted line by line as it is written: no key costs more for what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cockpit.model.attachments import references_in


class NamedImages:
    """The images that some lines name. No reference goes over the end of a line."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._names: Counter[str] = Counter()
        self.exchange((), lines)

    def __len__(self) -> int:
        return len(self._names)

    def exchange(self, gone: Iterable[str], come: Iterable[str]) -> None:
        """Take in that some lines came in place of others."""
        for line in come:
            if "@" in line:
                self._names.update(references_in(line))
        for line in gone:
            for name in references_in(line) if "@" in line else ():
                if self._names[name] > 1:
                    self._names[name] -= 1
                else:
                    del self._names[name]
