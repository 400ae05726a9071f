"""One account on the Vers platform, by resource: each call bounded, each failure explained, nothing created twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from cockpit.model.ids import CommitId, VmId
from cockpit.vers.commits import Commits
from cockpit.vers.credentials import owner_id
from cockpit.vers.errors import Resource, ResourceNotFound
from cockpit.vers.making import MakingVms
from cockpit.vers.transport import VersTransport
from cockpit.vers.variables import Variables
from cockpit.vers.vms import READ_TIMEOUT

if TYPE_CHECKING:
    from cockpit.vers.account import ApiKey


class VersClient(MakingVms):
    """The VMs of one account on one platform, with its commits, tags, repositories and variables as attributes.

    Closes its connections with `close` or as a context manager.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = READ_TIMEOUT,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        place: str = "",
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            base_url: with the version prefix, as `credentials.api_base_url` returns it.
            api_key: stripped of surrounding white space, since the gateway counts characters.
            transport: the wire, for tests.
            timeout: seconds for a whole call, answer included; creating calls have their own, longer one.
            rest: how waits between attempts are spent.
            jitter: a random number in [0, 1).
            place: what tells this platform from others where its URL does not, since its port changes.
        """
        key = api_key.strip()
        wire = VersTransport(base_url, key, transport=transport, timeout=timeout, rest=rest, jitter=jitter)
        super().__init__(wire, owner_id(key), rest)
        self.owner_id = owner_id(key)
        """The part of the key that is no secret: the owner of what this client creates."""
        self.account = f"{self.owner_id or 'no owner'} at {place or base_url}"
        """Whose VMs this client sees: what its lists lack may well exist in another account."""
        self.commits = Commits(wire)
        """This key's commits, and the public ones."""
        self.variables = Variables(wire)
        """What every VM gets in its environment as it starts."""

    @cached_property
    def key(self) -> ApiKey:
        """Who the key belongs to, and what it may have; loaded when somebody asks."""
        from cockpit.vers.account import ApiKey

        return ApiKey(self._wire)

    def __repr__(self) -> str:
        return f"VersClient({self._wire.base_url!r}, owner={self.owner_id!r})"

    async def __aenter__(self) -> VersClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def health(self) -> None:
        """Return if the platform's edge answers; it needs no key and consumes nothing.

        Raises:
            VersError: it does not.
        """
        await self._wire.request("reach the Vers API", "GET", f"{self._wire.root_url}/health")

    async def version(self) -> str:
        """Return what the platform's edge says of its version; it needs no key. Empty where it says nothing.

        Raises:
            VersError: it does not answer.
        """
        from cockpit.vers.account import PlatformVersion

        what = "ask for the platform's version"
        try:
            answer = await self._wire.request(what, "GET", f"{self._wire.root_url}/version", resource=Resource.ACCOUNT)
        except ResourceNotFound:
            return ""
        said = answer.read(what, PlatformVersion.model_validate)
        return " ".join(word for word in (said.workspace_version, said.git_hash[:12]) if word)

    async def commit(
        self, vm_id: VmId, *, name: str = "", description: str = "", keep_paused: bool = False
    ) -> CommitId:
        """Take a snapshot of a VM.

        Args:
            vm_id: the VM.
            name: for people; the server makes one up if empty.
            description: for people.
            keep_paused: leave the VM paused; without it the platform resumes even one that was paused before.

        Raises:
            CreationUncertain: the answer was lost. A listed commit is no proof: its record precedes the copy.
        """
        return await self.commits.take(vm_id, name, description, keep_paused)
