"""How a control service answers."""

from __future__ import annotations

from dataclasses import dataclass

VM_LIST = "vers"
"""What tells of all VMs of a source: its platform's API; for a plain host, the look at the host itself."""

KEY_CHANGED, LATE = "key changed", "late"
"""What is wrong with a host that shows another key, and with what answers too late."""

_HOST = "host "


def service_name(kind: str, source: str = "", *, host: bool = False) -> str:
    """Return the name under which the health of a control service is shown.

    Args:
        kind: what it is.
        source: whose it is, where the cockpit has several sources.
        host: the source is a plain host, which has no service but itself.
    """
    if host and kind == VM_LIST:
        return f"{_HOST}{source}"
    return f"{source} {kind}" if source else kind


def kind_of_service(name: str) -> str:
    """Return what a control service is, from the name under which it is shown."""
    return VM_LIST if name.startswith(_HOST) else name.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """Whether a control service answers: `vers`, `board`, `feed`, `registry`."""

    name: str
    ok: bool
    since: float
    reason: str = ""
    hint: str = ""
    """The next thing to do about it."""
    unreadable: int = 0
    """Records of its last list that could not be read: what is shown of it is not all there is."""
    fault: str = ""
    """In a word or two why it does not answer: `down`, `late`, `key changed` and the like."""

    @property
    def word(self) -> str:
        """In a word or two what is said of it in a title, while it does not answer."""
        return self.fault or "down"

    @property
    def gravity(self) -> int:
        """Its rank where not all are named: what waits for the operator's word comes first, what is only late last."""
        return {KEY_CHANGED: 0, LATE: 2}.get(self.word, 1)

    @property
    def trouble(self) -> str:
        """What is wrong with it, and the next thing to do about it."""
        return f"{self.reason} ({self.hint})" if self.hint else self.reason
