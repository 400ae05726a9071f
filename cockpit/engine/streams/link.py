"""One VM's link: connect, read, probe, reconnect. Its tasks, timers and backoff are its own; nothing is shared."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cockpit.engine.cancellation import check_cancelled
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.dwelling import it_words, kind_words
from cockpit.model.fleet import Link, LinkState, Power
from cockpit.model.ids import VmId
from cockpit.remote.errors import CertificateRefused, HostKeyChanged, HostKeyRefused, SshKeyRefused
from cockpit.remote.ssh.backoff import Backoff

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

HOST_KEY_PATIENCE = 300.0
"""Seconds until a VM with a changed host key is looked at again: no repetition makes it right, only the operator."""

TRUST_LOOK = 1.0
"""Seconds between two looks whether the refused host key was trusted meanwhile, here or by another process."""

CERTIFICATE_PATIENCE = 60.0
"""Seconds until a refused certificate is looked at again: a renewed one, or a corrected clock, makes it right."""

KEY_PATIENCE = 5.0
"""Least seconds between two log-ins with a refused key; a VM just restored takes its new key within some seconds."""

BEAT = 0.5
"""Seconds between two looks at a connection's age; cheap, and fine enough for what people see."""


TRYING = {LinkState.CONNECTING, LinkState.DOWN}
"""States that follow each other while a VM cannot be reached; together they are one time without a link."""


class VmLink:
    """Keeps one VM connected for as long as somebody wants it and it runs."""

    def __init__(
        self,
        fleet_state: FleetState,
        vm_id: VmId,
        connect: Callable[[], Awaitable[Connection]],
        serve: Callable[[Connection], Awaitable[None]],
        backoff: Backoff,
        trusted_keys: Callable[[], tuple[str, ...]],
    ) -> None:
        """Prepare; `run` does it.

        Args:
            connect: opens one connection, or raises a CockpitError.
            serve: uses the connection until it is closed; an exception of the CockpitError tree closes it.
            trusted_keys: returns the host keys that are trusted for the VM, as OpenSSH lines.
        """
        self.vm_id = vm_id
        self.connection: Connection | None = None
        self.settled = asyncio.Event()
        """Set when the first attempt has ended, well or badly."""
        self._fleet_state = fleet_state
        self._connect = connect
        self._serve = serve
        self._backoff = backoff
        self._trusted_keys = trusted_keys
        self._wake = asyncio.Event()
        self._link = Link()
        self._lived = False
        self._patience = 0.0
        self._ended = False
        self._offered_key = ""
        self._heard_by: Connection | None = None
        """The connection of which the last byte was, also after its end."""

    @property
    def shown(self) -> Link:
        """How the link is, as it is shown."""
        return self._link

    @property
    def _home(self) -> str:
        return it_words(self._fleet_state.vms.get(self.vm_id))

    def wake(self) -> None:
        """Try again now, e.g. because the VM was resumed."""
        self._wake.set()
        self._fleet_state.changed()

    async def ready(self, timeout: float | None) -> Connection:
        """Return the open connection, waiting for it at most `timeout` seconds; None waits while the VM exists.

        Raises:
            CockpitError: it did not come up; says why.
        """

        def decided() -> bool:
            return self._ended or (self.connection is not None and not self.connection.closed)

        up = await self._fleet_state.until(decided, timeout)
        called = kind_words(self._fleet_state.vms.get(self.vm_id))
        if not up or self.connection is None:
            raise CockpitError(
                f"{called} {self.vm_id} is not connected: {self._link.reason or self._link.state.value}",
                hint="the cockpit keeps trying; nothing was sent",
            )
        return self.connection

    async def run(self) -> None:
        """Connect and reconnect until cancelled or until the VM is gone."""
        attempt, self._ended = 0, False
        try:
            while (power := self._fleet_state.power(self.vm_id)) is not Power.GONE:
                if power in (Power.PAUSED, Power.SLEEPING):
                    self._show(LinkState.PAUSED, reason=f"{self._home} is {power.value}")
                    self.settled.set()
                    await self._until_power_changes(power)
                    attempt = 0
                    continue
                attempt += 1
                self._show(LinkState.CONNECTING, attempt=attempt, reason=self._link.reason)
                reason = await self._attempt()
                check_cancelled()
                if self._lived:
                    attempt = 0
                self.settled.set()
                delay = max(self._backoff.next_delay(), self._patience)
                self._show(
                    LinkState.DOWN, attempt=attempt, reason=reason, retry_at=self._fleet_state.clock.now() + delay
                )
                await self._pause(delay)
        finally:
            self._ended = True
            self._fleet_state.changed()
            await self._close()
        self._show(LinkState.DOWN, reason=f"{self._home} is gone")

    async def _attempt(self) -> str:
        """Run one connection from opening to its end, and return why it ended."""
        self._lived, self._patience, self._offered_key = False, 0.0, ""
        try:
            connection = await self._connect()
        except HostKeyChanged as error:
            log.error("vm %s: %s", self.vm_id, error)
            self._patience, self._offered_key = HOST_KEY_PATIENCE, error.offered_key
            return str(error)
        except (CertificateRefused, HostKeyRefused) as error:
            log.error("vm %s: %s", self.vm_id, error)
            self._patience = CERTIFICATE_PATIENCE
            return str(error)
        except SshKeyRefused as error:
            log.error("vm %s: %s", self.vm_id, error)
            self._patience = KEY_PATIENCE
            return str(error)
        except CockpitError as error:
            log.info("vm %s: %s", self.vm_id, error)
            return error.message
        self.connection = self._heard_by = connection
        self._lived = True
        self._backoff.connected()
        self._show(LinkState.UP)
        self.settled.set()
        watch = asyncio.create_task(self._watch(connection), name=f"watch {self.vm_id}")
        try:
            await self._serve(connection)
            return connection.close_reason.message if connection.close_reason else "the connection ended"
        except CockpitError as error:
            log.info("vm %s: %s", self.vm_id, error)
            return error.message
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await self._close()

    def _heard_at(self) -> float | None:
        """Return when the last byte of the connection came."""
        if self._heard_by is None:
            return None
        return self._fleet_state.clock.now() - (time.monotonic() - self._heard_by.last_byte_at)

    async def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            await connection.close()

    async def _watch(self, connection: Connection) -> None:
        """Keep the link's shown state true: silent from the first missed heartbeat, paused while the VM is paused."""
        while not connection.closed:
            power = self._fleet_state.power(self.vm_id)
            if power in (Power.PAUSED, Power.SLEEPING):
                self._show(LinkState.PAUSED, reason=f"{self._home} is {power.value}")
            elif connection.silent:
                self._show(LinkState.SILENT, reason="a keepalive was not answered")
            else:
                self._show(LinkState.UP)
            # All links look at the same moments: one wake-up of the process for all of them.
            await asyncio.sleep(BEAT - asyncio.get_running_loop().time() % BEAT)

    async def _pause(self, delay: float) -> None:
        look = asyncio.create_task(self._until_trusted(), name=f"trust {self.vm_id}") if self._offered_key else None
        try:
            async with asyncio.timeout(delay):
                await self._wake.wait()
        except TimeoutError:
            pass
        finally:
            if look is not None:
                look.cancel()
        self._wake.clear()

    async def _until_trusted(self) -> None:
        """Wake up once the refused host key would be taken: an operator said so, perhaps in another process."""
        while True:
            await asyncio.sleep(TRUST_LOOK)
            try:
                trusted = self._trusted_keys()
            except CockpitError as error:
                log.warning("vm %s: which host keys are trusted is not known: %s", self.vm_id, error)
                continue
            if not trusted or self._offered_key in trusted:
                self.wake()
                return

    async def _until_power_changes(self, power: Power) -> None:
        await self._fleet_state.until(lambda: self._wake.is_set() or self._fleet_state.power(self.vm_id) is not power)
        self._wake.clear()

    def _show(self, state: LinkState, *, attempt: int = 0, reason: str = "", retry_at: float | None = None) -> None:
        same = state is self._link.state or {state, self._link.state} == TRYING
        since = self._link.since if same else self._fleet_state.clock.now()
        if state is LinkState.UP:
            heard: float | None = None
        else:
            heard = self._link.last_byte_at if self._link.last_byte_at is not None else self._heard_at()
        before, self._link = self._link, Link(state, since, attempt, retry_at, reason, heard, self._offered_key)
        self._fleet_state.set_link(self.vm_id, self._link)
        if (state, reason) != (before.state, before.reason):
            # Of a VM without an agent nothing else tells those who wait for its link.
            self._fleet_state.changed()
