"""A host in the words of the platform's API: a place for an agent stands where a VM does, so that one client does both.

What a host cannot do (commits, copies, disks) is answered as the platform answers what it refuses before any work.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import httpx

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import stop_script
from cockpit.engine.hosts.places import HostLook, HostPlace, parse_look, place_id
from cockpit.engine.hosts.scripts import FREEZE, LABEL, MAKE, NO_AGENT, REMOVE, SCAFFOLD, SCAN, WHO
from cockpit.engine.hosts.services import SharedServices
from cockpit.errors import CockpitError
from cockpit.model.ids import VmId
from cockpit.model.names import NAME_LABEL
from cockpit.remote.errors import HostKeyChanged, HostUnreachable
from cockpit.remote.hosts.line import HostLine, LentConnection
from cockpit.vers.errors import ApiUnreachable

LOOK_LIMIT = 15.0
"""Seconds one look may take on the host."""
LOOK_ANSWER = 18.0
"""Seconds in which a look is answered, connecting included: the client that asks waits little longer."""
ACT_LIMIT = 30.0

MADE_LABEL = "made-at"
"""Unix seconds: when a place was made, where the platform tells of VMs."""

KEPT_SEARCH = (".local/bin", ".npm-global/bin", "bin")
"""Directories of the user's own home in which programs are found by agents that have another."""


class HostPlatform(httpx.AsyncBaseTransport):
    """Answers for one host."""

    def __init__(
        self, name: str, line: HostLine, directory: str, known: Sequence[str], services: SharedServices | None = None
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: the host's.
            line: the connection to it.
            directory: where homes of agents are made.
            known: directories, and patterns of them, in which other agents are looked for.
            services: those that agents there use.
        """
        self.name = name
        self._line = line
        self.services = services
        self._directory = directory
        self._known = tuple(known)
        self._home = ""
        self.refused: HostKeyChanged | None = None
        """That the host showed another key when it was asked last."""
        self._places: dict[VmId, HostPlace] = {}
        self._made: set[VmId] = set()
        self._removed: set[VmId] = set()

    # --- for those who need more than the API says ----------------------------------------------------

    @property
    def connects(self) -> int:
        """Connections to the host that were opened so far."""
        return self._line.connects

    def directory_of(self, vm_id: VmId) -> str:
        """Return where the agent of a place lives, as its own commands see it."""
        place = self._places.get(vm_id)
        return place.directory if place is not None and not place.home else f"~/{SCAFFOLD}"

    def called(self, place: HostPlace) -> str:
        """Return how an agent that was found is called for want of a name: after its directory, else after the host."""
        directory = place.home or place.directory.rpartition("/")[0]
        above, _, name = directory.rpartition("/")
        return self.name if directory == self._home or not above else name

    def places(self) -> tuple[HostPlace, ...]:
        """Return all places as the last look saw them."""
        return tuple(self._places.values())

    async def lend(self, vm_id: VmId) -> LentConnection:
        """Return the connection as the agent of a place is reached: with its own home.

        Raises:
            CockpitError: the host cannot be reached, or nobody knows the place.
        """
        if vm_id not in self._places:
            await self.look()
        place = self._places.get(vm_id)
        if place is None:
            raise HostUnreachable(
                f"host {self.name} has no such place any more", hint="was its directory moved or removed?"
            )
        if not place.home:
            return await self._line.lend()
        search = tuple(f"{self._home}/{word}" for word in KEPT_SEARCH)
        return await self._line.lend({"HOME": place.home, "TMUX_TMPDIR": place.home}, search=search)

    async def reach_services(self, vm_id: VmId) -> tuple[tuple[str, str] | None, str]:
        """Return URL and token by which an agent reaches board, feed and registry, or None, and words on it."""
        if self.services is None:
            return None, ""
        await self._lead(anyway=True)
        return self.services.access(vm_id), self.services.words

    async def _lead(self, *, anyway: bool = False) -> None:
        """Have the services be reached from the host, where that is not so yet."""
        if self.services is not None:
            lent = await self._line.lend()
            try:
                await self.services.lead(lent, anyway=anyway)
            finally:
                await lent.close()

    async def look(self) -> HostLook:
        """Look for agents on the host, in one command.

        Raises:
            CockpitError: it cannot be reached, or does not answer.
        """
        said = await self._run(SCAN, self._directory, *self._known, timeout=LOOK_LIMIT)
        look = parse_look(self.name, said)
        self._home = look.home
        self._places = {place.id: place for place in look.places}
        self._removed -= self._places.keys()
        await self._lead()
        return look

    async def who(self) -> str:
        """Return who one is on the host, as `USER@HOST`: by the host's own word, whatever it is called here.

        Raises:
            CockpitError: it cannot be reached, or does not answer.
        """
        said = await self._run(WHO, timeout=LOOK_LIMIT)
        return said.decode("utf-8", "backslashreplace").strip()

    async def _run(self, script: str, *words: str, stdin: bytes = b"", timeout: float = ACT_LIMIT) -> bytes:
        lent = await self._line.lend()
        try:
            done = await lent.run(script, *words, stdin=stdin, timeout=timeout)
        finally:
            await lent.close()
        if done.exit_code == NO_AGENT:
            raise _Refused(409, "no process of an agent is there: it is dead")
        if done.exit_code:
            said = done.stderr.decode("utf-8", "backslashreplace").strip()
            raise _Refused(409, f"the host refused: {said[:300] or f'exit {done.exit_code}'}")
        return done.stdout

    # --- the API --------------------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request of the platform's client.

        Raises:
            ApiUnreachable: the host does not answer, or not as it should; it says why, and what to do.
        """
        path = unquote(request.url.path)
        try:
            async with asyncio.timeout(LOOK_ANSWER if request.method == "GET" else None):
                body = await self._answer(request.method, path, await request.aread())
        except TimeoutError as error:
            raise ApiUnreachable(
                f"host {self.name} did not answer within {LOOK_ANSWER:g} s",
                hint="the host, or the way to it, is slow or stuck; it is asked again by itself",
                fault="late",
            ) from error
        except _Refused as refusal:
            return httpx.Response(refusal.status, json={"error": refusal.reason, "success": False})
        except CockpitError as error:
            self.refused = error if isinstance(error, HostKeyChanged) else None
            raise ApiUnreachable(error.message, hint=error.hint, fault=error.fault) from error
        self.refused = None
        return httpx.Response(200, json=body)

    async def aclose(self) -> None:
        """Close the connection to the host."""
        await self._line.close()

    async def _answer(self, method: str, path: str, content: bytes) -> Any:
        match method, path.strip("/").split("/"):
            case "GET", ["vms" | "vm"]:
                return [_record(place) for place in (await self.look()).places]
            case "GET", ["vm", vm, "status" | "metadata"]:
                return _record(await self._seen(VmId(vm)))
            case "PATCH", ["vm", vm, "state"]:
                return await self._freeze(VmId(vm), _read(content).get("state") != "Running")
            case "POST", ["vm", "new_root"]:
                return await self._make(_read(content).get("vm_config", {}).get("labels", {}))
            case "PATCH" | "PUT", ["vm", vm, "label" | "labels" as word]:
                return await self._label(VmId(vm), _read(content).get("labels", {}), word == "label")
            case "DELETE", ["vm", vm, "label", name]:
                return await self._label(VmId(vm), {name: None}, True)
            case "DELETE", ["vm", vm]:
                return await self._remove(VmId(vm))
            case "GET", ["commits"]:
                return {"commits": []}
            case "GET", ["commit_tags"]:
                return {"tags": []}
            case "GET", ["repositories"]:
                return {"repositories": []}
            case "GET", ["env_vars"]:
                return {"vars": {}}
        raise _Refused(400, f"{self.name} is a plain SSH host, which has no such thing")

    async def _seen(self, vm_id: VmId) -> HostPlace:
        """Return a place as it is now; one that is not there is known to be gone only if it was taken away here."""
        await self.look()
        if (place := self._places.get(vm_id)) is not None:
            return place
        if vm_id in self._removed:
            raise _Refused(404, "vm not found")
        raise _Refused(500, "its directory is not there now")

    async def _freeze(self, vm_id: VmId, freeze: bool) -> dict[str, Any]:
        place = await self._seen(vm_id)
        await self._run(FREEZE, place.directory, "STOP" if freeze else "CONT")
        return _record(await self._seen(vm_id))

    async def _make(self, labels: dict[str, Any]) -> dict[str, Any]:
        wanted = str(labels.get(NAME_LABEL) or "agent")
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).lstrip(".-") or "agent"
        kept = {str(key): str(value) for key, value in labels.items()} | {MADE_LABEL: f"{time.time():.3f}"}
        said = await self._run(MAKE, self._directory, name, stdin=json.dumps(kept).encode())
        directory = said.decode("utf-8", "surrogateescape").strip()
        vm_id = place_id(self.name, directory)
        self._made.add(vm_id)
        self._removed.discard(vm_id)
        return {"vm_id": vm_id}

    async def _label(self, vm_id: VmId, labels: dict[str, Any], add: bool) -> dict[str, Any]:
        place = await self._seen(vm_id)
        kept = {**(place.labels if add else {}), **labels}
        said = {key: value for key, value in kept.items() if value is not None}
        await self._run(LABEL, place.directory, stdin=json.dumps(said).encode())
        return _record(place)

    async def _remove(self, vm_id: VmId) -> dict[str, Any]:
        """Take away a place that was made here for an agent that did not start, or forget one that is not there."""
        await self.look()
        place = self._places.get(vm_id)
        if place is not None:
            if vm_id not in self._made:
                raise _Refused(400, f"{self.name} is a plain SSH host: its agents and their directories stay")
            lent = await self.lend(vm_id)
            try:
                await lent.run(stop_script(AgentPaths(f"~/{SCAFFOLD}", "~/workspace")), timeout=ACT_LIMIT)
            finally:
                await lent.close()
            await self._run(REMOVE, self._directory, place.directory)
            self._made.discard(vm_id)
        self._removed.add(vm_id)
        return {"vm_id": vm_id}


class _Refused(Exception):
    """What the API would answer with an error of its own."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _record(place: HostPlace) -> dict[str, Any]:
    try:
        made = float(place.labels.get(MADE_LABEL, ""))
    except ValueError:
        made = 0.0
    return {"vm_id": place.id, "state": place.state, "labels": dict(place.labels), "created_at": made}


def _read(content: bytes) -> dict[str, Any]:
    read = json.loads(content or b"{}")
    return read if isinstance(read, dict) else {}
