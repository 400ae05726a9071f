"""The transfers of this cockpit: each runs in a task of its own, whoever looks, and can be cancelled and waited for."""

from __future__ import annotations

import asyncio
import logging
from itertools import count

from cockpit.engine.files.course import TransferCourse
from cockpit.engine.files.getting import get, plan_get
from cockpit.engine.files.putting import plan_put, put
from cockpit.engine.files.reach import FileReach
from cockpit.errors import CockpitError
from cockpit.model.files.transfer import ENDED, Carriage, Direction, Transfer, TransferId, TransferState

log = logging.getLogger(__name__)

KEPT = 20
"""Transfers that ended which are still shown."""


class Transfers:
    """Begins transfers and knows how they stand."""

    def __init__(self, reach: FileReach) -> None:
        self._reach = reach
        self._numbers = count(1)
        self._known: dict[TransferId, Transfer] = {}
        self._tasks: dict[TransferId, asyncio.Task[None]] = {}

    @property
    def all(self) -> tuple[Transfer, ...]:
        """Those under way and the last that ended, oldest first."""
        return tuple(self._known.values())

    def begin(self, order: Carriage) -> TransferId:
        """Carry out an order."""
        transfer_id = TransferId(f"t{next(self._numbers)}")
        now = self._reach.fleet_state.clock.now
        course = TransferCourse(Transfer(transfer_id, order, now()), now, self._show)
        self._show(course.transfer)
        task = asyncio.create_task(self._run(course), name=f"{order.direction} {order.remote}")
        self._tasks[transfer_id] = task
        return transfer_id

    async def survey(self, order: Carriage) -> Transfer:
        """Return what an order would carry, without doing it; `reason` is where it would go.

        Raises:
            CockpitError: it cannot be carried out.
        """
        now = self._reach.fleet_state.clock.now
        course = TransferCourse(Transfer(TransferId("survey"), order, now()), now, lambda transfer: None)
        if order.direction is Direction.GET:
            place = str((await plan_get(self._reach, course)).place)
        else:
            place, _ = await plan_put(self._reach, course)
        course.end(TransferState.PARTIAL if course.transfer.left_out_count else TransferState.DONE, place)
        return course.transfer

    def cancel(self, transfer_id: TransferId) -> None:
        """End a transfer; what was carried stays, and the same order goes on from there."""
        if (task := self._tasks.get(transfer_id)) is not None:
            task.cancel()

    async def wait(self, transfer_id: TransferId) -> Transfer:
        """Return how a transfer ended, once it has; whoever waits and is cancelled cancels it."""
        if (task := self._tasks.get(transfer_id)) is not None:
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise
        return self._known[transfer_id]

    async def close(self) -> None:
        """End all transfers."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, course: TransferCourse) -> None:
        order = course.transfer.order
        try:
            if order.direction is Direction.GET:
                place = str(await get(self._reach, course))
            else:
                place = await put(self._reach, course)
            course.end(TransferState.PARTIAL if course.transfer.left_out_count else TransferState.DONE, place)
        except asyncio.CancelledError:
            course.end(TransferState.CANCELLED, "cancelled")
        except CockpitError as error:
            course.end(TransferState.FAILED, str(error))
        except OSError as error:
            course.end(TransferState.FAILED, f"{error.filename or order.local}: {error.strerror or error}")
        except Exception:
            log.exception("a transfer failed")
            course.end(TransferState.FAILED, "internal error: see the log file")
        finally:
            self._tasks.pop(course.transfer.id, None)

    def _show(self, transfer: Transfer) -> None:
        self._known[transfer.id] = transfer
        ended = [known for known in self._known.values() if known.state in ENDED]
        for old in ended[: max(0, len(ended) - KEPT)]:
            del self._known[old.id]
