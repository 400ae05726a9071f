"""The account behind a key: who it is, what it may have, and whether the platform takes the key."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from cockpit.model.size import SizeLimits
from cockpit.vers.errors import ApiKeyRefused, Resource, ResourceNotFound, VersError
from cockpit.vers.transport import VersTransport
from cockpit.vers.wire import Number, Text, Timestamp, VersModel


class _Person(VersModel):
    id: Text = ""
    user_name: Text = ""
    email: Text = ""


class _Organisation(VersModel):
    id: Text = ""
    name: Text = ""


class _Key(VersModel):
    id: Text = ""
    label: Text = ""
    created_at: Timestamp = 0.0
    expires_at: Timestamp = 0.0
    max_vcpus: Number = 0
    max_memory_mib: Number = 0


class WhoAmI(VersModel):
    """Who a key belongs to, and what it may have."""

    user: _Person = Field(default_factory=_Person)
    org: _Organisation = Field(default_factory=_Organisation)
    api_key: _Key = Field(default_factory=_Key)

    @property
    def limits(self) -> SizeLimits:
        """What this key may ask for."""
        return SizeLimits(self.api_key.max_vcpus, self.api_key.max_memory_mib)


class PlatformVersion(VersModel):
    """What the platform says of itself."""

    workspace_version: Text = ""
    git_hash: Text = ""


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """Whether the platform takes the key."""

    valid: bool
    message: str


class _Verdict(VersModel):
    valid: bool
    message: Text = ""


class ApiKey:
    """The key in use."""

    def __init__(self, wire: VersTransport) -> None:
        self._wire = wire

    async def whoami(self) -> WhoAmI | None:
        """Return who the key belongs to; None from a server that is older than the call.

        Raises:
            VersError: it could not be had.
        """
        what = "ask who this key belongs to"
        try:
            answer = await self._wire.request(what, "GET", "/whoami", resource=Resource.ACCOUNT)
        except ResourceNotFound:
            return None
        return answer.read(what, WhoAmI.model_validate)

    async def check(self) -> KeyVerdict:
        """Ask whether the key is good.

        The gateway judges a key before anything else, so whatever is answered from behind it speaks for the key.

        Raises:
            VersError: there was no answer, or one that says nothing of the key.
        """
        what = "have the key checked"
        try:
            answer = await self._wire.request(what, "POST", "/keys/validate", body={}, resource=Resource.ACCOUNT)
        except ApiKeyRefused as error:
            return KeyVerdict(False, error.message)
        except VersError as error:
            if error.status not in (400, 404, 405, 415, 422):
                raise
            # An older server knows no such call: the list is behind the same gate.
            return await self._by_the_list()
        verdict = answer.read(what, _Verdict.model_validate)
        return KeyVerdict(verdict.valid, verdict.message)

    async def _by_the_list(self) -> KeyVerdict:
        try:
            await self._wire.request("have the key checked", "GET", "/vms")
        except ApiKeyRefused as error:
            return KeyVerdict(False, error.message)
        except ResourceNotFound as error:
            if not error.own:
                raise
        return KeyVerdict(True, "the platform let it through")
