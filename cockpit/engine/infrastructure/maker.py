"""Making the VM of the services: each step looks first whether its result is there, so that a second run goes on."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from cockpit.engine.agent_record import REGISTERED_BY
from cockpit.engine.commands.booting import until_running
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.sizes import check_size
from cockpit.engine.infrastructure import scripts
from cockpit.engine.infrastructure.own_server import OwnServer
from cockpit.engine.infrastructure.published.server import PublishedServer
from cockpit.engine.infrastructure.site import SCRIPT_LIMIT, Server, Site, said
from cockpit.engine.operation import OperationProgress
from cockpit.engine.sites import left_behind, take_up
from cockpit.engine.source import Services, ServicesPlace, Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.engine.vm_shell import VmShell
from cockpit.errors import CockpitError, Refused, TimedOut
from cockpit.model.ids import VmId
from cockpit.model.names import INFRA
from cockpit.model.platform import InfraServer, MakeInfra
from cockpit.model.size import VmSize
from cockpit.services.errors import ServiceError, TokenRefused
from cockpit.services.registry import Registration

log = logging.getLogger(__name__)

INFRA_LABEL = "swarm-cockpit-infra"
"""Label of the VM that hosts the services: what was left is gone on with there."""
LABEL_TEXT = "services"
START_LIMIT = 60.0
"""Seconds the services get to answer on their VM."""
REACH_LIMIT = 60.0
"""Seconds they get to answer from here once they do so there."""
PAUSE = 0.5

SERVERS: dict[InfraServer, Server] = {InfraServer.OURS: OwnServer(), InfraServer.PUBLISHED: PublishedServer()}


class InfraMaker:
    """Makes the VM that hosts board, feed and registry."""

    def __init__(
        self, fleet_state: FleetState, source: Source, creations: Creations, agent_sessions: AgentSessions
    ) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._creations = creations
        self._agent_sessions = agent_sessions

    async def make(self, command: MakeInfra, progress: OperationProgress) -> str:
        """Make it, or go on with the one that was left; return the address of the services.

        Raises:
            CockpitError: a step failed; the VM stays, and the same command goes on there.
        """
        place = self._place
        vm_id = await self._vm(command, progress)
        shell = VmShell(lambda: self._agent_sessions.connect(vm_id))
        try:
            with progress.step("boot"):
                await until_running(self._fleet_state, self._source, vm_id)
            with progress.step("connect"):
                await shell.connection()
            site = Site(vm_id, shell, place, self._source.shares_host)
            server = SERVERS[command.server]
            with progress.step(server.runtime):
                runtime = await server.find(site, progress)
            with progress.step("token"):
                token = await self._token(site, progress)
            with progress.step("services"):
                code = await server.bring(site, runtime, progress)
            with progress.step("start"):
                progress.detail(await self._start(site, server, runtime, code))
            url = place.url(vm_id)
            with progress.step("reach them from here"):
                services = await self._reached(url, token)
                progress.detail(url)
            try:
                with progress.step("register"):
                    await services.registry.register(self._registration(vm_id, place))
            finally:
                await services.http.close()
            with progress.step("configuration"):
                progress.detail(await asyncio.to_thread(place.keep, url, token))
        except CockpitError as error:
            more = f"`cockpit infra` goes on from there, `cockpit destroy {vm_id}` gives it up"
            error.hint = f"{error.hint}; {more}" if error.hint else more
            raise
        finally:
            await shell.close()
        if self._source.present is None:
            self._source.take_up(url, token)
        return url

    @property
    def _place(self) -> ServicesPlace:
        if self._source.infra is None:
            raise Refused("this fleet has no place for services of its own")
        return self._source.infra

    async def _vm(self, command: MakeInfra, progress: OperationProgress) -> VmId:
        """Return the VM that an earlier run left, or a new one."""
        with progress.step("VM"):
            left = await left_behind(self._source, INFRA_LABEL, LABEL_TEXT)
            kept = self._place.kept_at
            if kept and all(self._place.url(VmId(record.vm_id)) != kept for record in left):
                raise Refused(
                    f"config.toml says that the services are at {kept}, and no VM here was made for them",
                    hint="take infra_url out of its table [vers] to make one",
                )
            vm_id = await take_up(self._fleet_state, self._source, INFRA, left, lambda: self._make(command))
            others = [record.vm_id for record in left[1:]]
            more = f"; made for them, too, and to be destroyed: {' '.join(others)}" if others else ""
            progress.detail(f"{vm_id}, which is there{more}" if left else vm_id)
        self._fleet_state.note_host(vm_id, "it was made for the services")
        return vm_id

    async def _make(self, command: MakeInfra) -> VmId:
        vers, size = self._source.vers, command.size or VmSize()
        await check_size(vers, size)
        labels = {INFRA_LABEL: LABEL_TEXT, "role": INFRA}
        async with self._creations.written_down("infra", INFRA, "image", None) as request:
            return await vers.create_root(size, labels=labels, request=request)

    async def _token(self, site: Site, progress: OperationProgress) -> str:
        """Return the token that the services take: the one there, unless the operator has set another one."""
        offered, firm = site.place.token()
        words = "yes" if firm else "no"
        token = await site.run("keep the token", scripts.KEEP_TOKEN, words, stdin=f"{offered}\n".encode())
        progress.detail("VERS_AUTH_TOKEN" if firm else "a new one" if token == offered else "the one that is there")
        return token

    async def _start(self, site: Site, server: Server, runtime: str, code: str) -> str:
        """Start the services unless these very ones run; return how it was done.

        Raises:
            TimedOut: they do not answer on the VM.
        """
        if await server.answers(site, runtime, code):
            return "they run already"
        how = await server.start(site, runtime, code)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_LIMIT
        while True:
            if await server.answers(site, runtime, code):
                return how
            if loop.time() >= deadline:
                break
            await asyncio.sleep(PAUSE)
        wrote = await site.shell.run(scripts.SAID, timeout=SCRIPT_LIMIT)
        raise TimedOut(
            f"the services on VM {site.vm} did not answer at port {site.place.port} within {START_LIMIT:.0f} s:"
            f" {said(wrote)}"
        )

    async def _reached(self, url: str, token: str) -> Services:
        """Return clients of the services, once they answered from here.

        Raises:
            ServiceError: they did not in time.
        """
        services, loop = Services.at(url, token), asyncio.get_running_loop()
        deadline = loop.time() + REACH_LIMIT
        try:
            while True:
                try:
                    await services.registry.list_entries()
                    return services
                except TokenRefused:
                    raise
                except ServiceError as error:
                    if loop.time() >= deadline:
                        raise
                    log.info("the services do not answer from here yet: %s", error)
                await asyncio.sleep(PAUSE)
        except BaseException:
            await services.http.close()
            raise

    def _registration(self, vm_id: VmId, place: ServicesPlace) -> Registration:
        offered: dict[str, Any] = {"name": "agent-services", "port": place.port, "healthPath": "/health"}
        return Registration(vm_id, INFRA, INFRA, self._source.address(vm_id), REGISTERED_BY, services=(offered,))
