"""Errors that are for people: what was tried, where, what came back, and the next thing to do.

CockpitError
├── ConfigError        a setting is wrong: names the file, the key and the nearest valid one
├── UsageError         the command line or a dialog was filled in wrongly
├── NotFound           no such agent, VM or task
│   └── Gone           it is known that there was one
├── TimedOut           a bounded wait ended
├── Refused            the platform, a service or an agent said no
└── Undecided          it cannot be told whether an act happened
"""


class CockpitError(Exception):
    """A failure with a message, and where there is one, the next thing to do."""

    fault = "down"
    """In a word or two: what is said of whoever does not answer for this reason."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(CockpitError):
    """A setting is wrong."""


class UsageError(CockpitError):
    """An argument is wrong."""


class NotFound(CockpitError):
    """No such agent, VM or task."""


class Gone(NotFound):
    """An agent whose VM was deleted."""


class TimedOut(CockpitError):
    """A bounded wait ended without the awaited thing."""


class Refused(CockpitError):
    """The platform, a service or an agent said no."""


class Undecided(CockpitError):
    """It cannot be told whether an act happened: what was seen is said."""
