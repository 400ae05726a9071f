"""Events of an agent's extensions: questions that wait for a person, notices that wait for nobody, and failures.

They are part of the one union of `cockpit.model.events`, and follow the same protocol and units.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DialogRequested:
    """`extension_ui_request` of a method that waits for the operator."""

    dialog_id: str
    method: str
    """`select`, `confirm`, `input` or `editor`."""
    title: str
    message: str = ""
    options: tuple[str, ...] = ()
    placeholder: str = ""
    prefill: str = ""
    timeout: float | None = None
    """Seconds until the agent answers itself; nothing is emitted when it does."""
    carries: str = ""
    """What an answer has to bring back, in the words of the kind of agent; shown nowhere."""
    takes_reason: bool = False
    """A no can say why; else the reason is a text of its own behind it."""
    plain: tuple[str, ...] = ()
    """Of options to choose from, the plain yes and the plain no; empty where none is."""


@dataclass(frozen=True, slots=True)
class ExtensionNotice:
    """`extension_ui_request` of a method that waits for nobody: notify, setStatus, setWidget, setTitle ..."""

    method: str
    text: str = ""
    level: str = "info"
    key: str = ""


@dataclass(frozen=True, slots=True)
class ExtensionFailed:
    """`extension_error`."""

    path: str
    event: str
    error: str
