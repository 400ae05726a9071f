"""What can go wrong with board, feed and registry.

ServiceError              any refusal or silence; carries the status, 0 if there was no answer
├── TokenRefused          401
├── RecordNotFound        404 as JSON: no such task, event or entry
├── ServiceMissing        404 as text: this server has no such service
├── RequestRefused        400, 409: the text says why
├── ServiceUnreachable    no answer
└── ServiceBroken         5xx, or an answer that is not what was promised
"""

from __future__ import annotations

from cockpit.errors import CockpitError, NotFound, Refused, TimedOut


class ServiceError(CockpitError):
    """A call of a control service failed."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = 0.0
        """Seconds the service asks to be left alone."""
        self.undone = False
        """Surely nothing was done: it was never sent, or the service itself refused it before any work."""


class TokenRefused(ServiceError, Refused):
    """The bearer token is missing or wrong."""

    fault = "refused"


class RecordNotFound(ServiceError, NotFound):
    """No such task, event or entry."""


class ServiceMissing(ServiceError, NotFound):
    """The server has no such service."""


class RequestRefused(ServiceError, Refused):
    """The service said no, and why."""


class ServiceUnreachable(ServiceError, TimedOut):
    """The service did not answer."""


class ServiceBroken(ServiceError):
    """The service failed, or answered something else than promised."""
