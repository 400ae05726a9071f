"""The way out of a terminal that no longer answers: `~.` at the beginning of a line, as OpenSSH's client has it.

`~~` sends one tilde, `~?` says what there is; any other character goes to the VM with its tilde.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

TILDE = 0x7E
LEAVE = 0x2E
HELP = 0x3F
LINE_ENDS = (0x0D, 0x0A)


class Wish(Enum):
    """What was typed to us and not to the VM."""

    LEAVE = auto()
    HELP = auto()


@dataclass(slots=True)
class EscapeKeys:
    """What is typed, piece by piece."""

    _fresh: bool = True
    """A line begins."""
    _tilde: bool = False
    """A tilde at its beginning is held back."""

    def typed(self, data: bytes) -> tuple[bytes, Wish | None]:
        """Take what was typed; return what goes to the VM, and what is wished; what comes after a wish is dropped."""
        sent = bytearray()
        for byte in data:
            if self._tilde:
                self._tilde = False
                if byte == LEAVE:
                    return bytes(sent), Wish.LEAVE
                if byte == HELP:
                    self._fresh = True
                    return bytes(sent), Wish.HELP
                if byte != TILDE:
                    sent.append(TILDE)
            elif self._fresh and byte == TILDE:
                self._tilde = True
                continue
            sent.append(byte)
            self._fresh = byte in LINE_ENDS
        return bytes(sent), None
