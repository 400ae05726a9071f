"""What can go wrong with the Vers API, and the reading of its three families of error bodies.

VersError                 any refusal or silence; carries the status, 0 if there was no answer
├── KeyRefused            403 as bare text (the documents say 401, the gateway says 403)
├── AccessRefused         403 as JSON: a VM of somebody else, or a limit
├── ResourceNotFound      404: by its subclass a VM, a commit, a tag, a repository, a variable, an image
├── Conflict              409 with another text: a name that is taken, a commit that is still used
├── VmAsleep              409, or 500 with the same text inside
├── VmPaused              the VM must run for this
├── VmBooting             the VM has not finished booting
├── RateLimited           429
├── Unreachable           no answer: name, network, TLS, timeout, or a 502/503/408 that stayed
├── BadAnswer             an answer that is not what was promised
└── EffectUnknown         an act of which cannot be told whether it happened
    └── CreationUncertain a creating call lost its answer; the thing may exist
"""

from __future__ import annotations

import json
import re
from enum import StrEnum

from cockpit.errors import CockpitError, NotFound, Refused, TimedOut, Undecided
from cockpit.net.http import TEXT_LIMIT, shorten

ASLEEP = "is it sleeping"
BOOTING = "is not finished booting"
UNPARSABLE = "body unparsable"


class Resource(StrEnum):
    """What a call is about: a 404 is worded by it."""

    VM = "VM"
    COMMIT = "commit"
    TAG = "tag"
    REPOSITORY = "repository"
    VARIABLE = "environment variable"
    IMAGE = "image"
    ACCOUNT = "account"


class VersError(CockpitError):
    """A call of the Vers API failed."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = 0.0
        """Seconds the platform asks to be left alone."""
        self.created: tuple[str, ...] = ()
        """VMs that a failed branch made before it failed; they stay alive."""
        self.own = False
        """Whether the control plane itself said so, in its own JSON; a proxy answers with any status as well."""


class ApiKeyRefused(VersError, Refused):
    """The API key is missing, malformed or wrong."""

    fault = "refused"


class AccessRefused(VersError, Refused):
    """The key is good, but this is not allowed."""

    fault = "refused"


class ResourceNotFound(VersError, NotFound):
    """No such thing, if it is the API's own answer: see `own`; else a call that this server does not know."""


class VmNotFound(ResourceNotFound):
    """No such VM."""


class CommitNotFound(ResourceNotFound):
    """No such commit."""


class TagNotFound(ResourceNotFound):
    """No such tag."""


class RepositoryNotFound(ResourceNotFound):
    """No such repository."""


class Conflict(VersError, Refused):
    """A name is taken, or something is still in use."""


class VmAsleep(VersError, Refused):
    """The VM is asleep and has no host."""


class VmPaused(VersError, Refused):
    """The VM is paused, and this needs a running one."""


class VmBooting(VersError, Refused):
    """The VM has not finished booting."""


class RateLimited(VersError, Refused):
    """Too many requests."""


class ApiUnreachable(VersError, TimedOut):
    """The API did not answer."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0, fault: str = "down") -> None:
        super().__init__(message, hint=hint, status=status)
        self.fault = fault


class BadAnswer(VersError):
    """The API answered something else than promised."""


class EffectUnknown(VersError, Undecided):
    """It cannot be told whether an act happened: what was seen is said."""


class CreationUncertain(EffectUnknown):
    """A creating call lost its answer: the thing may exist, now or in a moment."""

    def __init__(
        self, message: str, *, hint: str, candidates: tuple[str, ...], evidence: str = "", status: int = 0
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.candidates = candidates
        """Ids that appeared since the call and may be its result: nothing is done to them unless a person says so."""
        self.evidence = evidence
        """Why they may be."""


def server_text(content: bytes, content_type: str) -> tuple[str, bool]:
    """Return what an error body says, and whether it was one of the two JSON families.

    The families are told apart by content type, not by status: JSON `{"error", "success"}`, the hybrid
    `{"vms", "error"}` of branches, and text with or without a content type.
    """
    text = content[: 16 * TEXT_LIMIT].decode("utf-8", "replace")
    if "json" in content_type.lower():
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            return shorten(text), False
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            return shorten(body["error"]), True
        return shorten(text), True
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        return "an HTML page", False
    return shorten(text), False


def created_before_failure(content: bytes, content_type: str) -> tuple[str, ...]:
    """Return the VM ids of the hybrid error body `{"vms", "error"}`; empty for any other body."""
    if "json" not in content_type.lower():
        return ()
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ()
    records = body.get("vms") if isinstance(body, dict) else None
    if not isinstance(records, list):
        return ()
    ids = (record.get("vm_id") for record in records if isinstance(record, dict))
    return tuple(vm_id.lower() for vm_id in ids if isinstance(vm_id, str) and vm_id)


def error_of(
    what: str,
    status: int,
    content: bytes,
    content_type: str,
    request_id: str = "",
    resource: Resource = Resource.VM,
) -> VersError:
    """Turn an answer that is no success into the error for it.

    Args:
        what: what was tried and on which VM, as the start of a sentence: `pause VM 1f0c…`.
        status: the HTTP status.
        content: the body.
        content_type: the header's value, empty if absent.
        request_id: the server's name of this request, shown for support.
        resource: what the call is about; the server's own words come before it.
    """
    said, is_json = server_text(content, content_type)
    own = is_own(status, content, content_type)
    reference = f", request {shorten(request_id)[:64]}" if request_id else ""
    message = f"could not {what}: {status} {said or 'without a text'}{reference}"
    if status == 404:
        failure: VersError = _not_found(message, said, resource, own)
    else:
        failure = _classify(message, status, said, is_json)
    failure.created = created_before_failure(content, content_type)
    failure.own = own
    return failure


NOT_FOUND: dict[Resource, tuple[type[ResourceNotFound], str]] = {
    Resource.VM: (VmNotFound, "list the VMs again: it may have been deleted"),
    Resource.COMMIT: (CommitNotFound, "list the commits again: it may have been deleted, or be another key's"),
    Resource.TAG: (TagNotFound, "list the tags again: it may have been deleted or moved"),
    Resource.REPOSITORY: (RepositoryNotFound, "list the repositories again: it may have been deleted"),
    Resource.VARIABLE: (ResourceNotFound, "list the variables again: it may have been deleted"),
    Resource.IMAGE: (ResourceNotFound, "leave the image out to take the default one"),
    Resource.ACCOUNT: (ResourceNotFound, "this server may be older than the call"),
}
"""How a 404 is called, and what to do next, by what was not found."""


def _not_found(message: str, said: str, resource: Resource, own: bool) -> ResourceNotFound:
    """Return the error for a 404: `commit not found` names its resource, a bare `not found` is about what was asked."""
    named = re.search(r"\b(vm|commit|tag|repository|environment variable|image) not found", said.lower())
    if own and named:
        resource = next(kind for kind in Resource if kind.lower() == named[1])
    kind, hint = NOT_FOUND[resource]
    if not own:
        hint = "it is not the API's own answer: check the base URL, or this server does not know the call"
    return kind(message, hint=hint, status=404)


def is_own(status: int, content: bytes, content_type: str) -> bool:
    """Say whether an error body is the control plane's own `{"error", "success": false}`; a 404 says "not found"."""
    if "json" not in content_type.lower():
        return False
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return False
    if not isinstance(body, dict) or not (body.get("success") is False or isinstance(body.get("vms"), list)):
        return False
    said = body.get("error")
    return isinstance(said, str) and (status != 404 or "not found" in said.lower())


def _classify(message: str, status: int, said: str, is_json: bool) -> VersError:
    if BOOTING in said:
        return VmBooting(message, hint="wait a moment and try again", status=status)
    if ASLEEP in said:
        return VmAsleep(message, hint="wake the VM first", status=status)
    if status == 500 and (UNPARSABLE in said or "is paused" in said):
        return VmPaused(message, hint="the VM is paused: resume it first", status=status)
    if status == 401 or (status == 403 and not is_json):
        hint = "check the API key: VERS_API_KEY or ~/.vers/keys.json; no space, no line break"
        return ApiKeyRefused(message, hint=hint, status=status)
    if status == 403:
        return AccessRefused(
            message, hint="it belongs to another organisation, is gone, or a limit is reached", status=status
        )
    if status == 409:
        return Conflict(message, hint=_way_out(said), status=status)
    if status == 429:
        return RateLimited(message, hint="wait before the next request", status=status)
    if status in (408, 502, 503, 504):
        return ApiUnreachable(message, hint="the platform is slow or down: try again", status=status)
    if 300 <= status < 400:
        hint = "check the base URL: the API does not redirect"
        return BadAnswer(message, hint=hint, status=status)
    if status in (400, 422):
        return VersError(
            message,
            hint="the server does not understand this request: it may be newer or older",
            status=status,
        )
    return VersError(message, hint="try again, and if it stays, report the request", status=status)


def _way_out(said: str) -> str:
    if "already exists" in said.lower():
        return "take another name, or move the one that is there"
    if "active vm" in said.lower():
        return "VMs made from it are there: destroy them first, or keep it"
    return "it is in use or in the wrong state"


def may_have_happened(failure: VersError) -> bool:
    """Say whether the work may have been done, or may still be under way, behind a failure.

    Only what the API itself refused before any work surely was not done: a wrong key, a limit of requests, a body it
    cannot read, and what its own JSON says with a 4xx.
    """
    if isinstance(failure, ApiUnreachable | BadAnswer) or failure.status >= 500 or not failure.status:
        return True
    if isinstance(failure, ApiKeyRefused | RateLimited) or failure.status in (400, 422):
        return False
    return not failure.own


def is_over(failure: VersError) -> bool:
    """Say whether the API ended the work, if it ever began it: its own 500 that speaks of no limit of time."""
    return failure.own and failure.status == 500 and not re.search(r"time[d ]*out", failure.message, re.IGNORECASE)
