"""Steps of an operation, shown with their time as they happen, and the error at the step that failed."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.model.operation import Operation, Part, Step

if TYPE_CHECKING:
    from cockpit.engine.state import FleetState
    from cockpit.model.ids import AgentId, OperationId

LEFT = "the cockpit that did it ended here"
"""Said of a step that was under way then."""


class OperationProgress:
    """Writes one operation's steps into the state of the fleet."""

    def __init__(self, fleet_state: FleetState, operation_id: OperationId, verb: str, target: str) -> None:
        self._fleet_state = fleet_state
        self._shared = [Operation(operation_id, verb, target, started_at=fleet_state.clock.now())]
        self._prefix = ""
        self._place = -1
        fleet_state.put_operation(self.operation)

    @property
    def operation(self) -> Operation:
        """The operation as it is shown now."""
        return self._shared[0]

    def of(self, target: str) -> OperationProgress:
        """Return what writes the steps for one of many targets, each under its name; they go on at the same time."""
        other = copy.copy(self)
        other._prefix, other._place = f"{target}: ", -1
        return other

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run a block as one step; an exception is written down at this step and goes on."""
        with self.beside(name):
            yield

    @contextmanager
    def beside(self, name: str) -> Iterator[Callable[[str], None]]:
        """Run a block as one of several steps that go on at the same time; yields what says more about this one."""
        place = self._place = len(self.operation.steps)
        self._put(steps=(*self.operation.steps, Step(self._prefix + name, self._fleet_state.clock.now())))
        try:
            yield lambda detail: self._change(place, detail=detail)
        except BaseException as error:
            self._change(place, ended_at=self._fleet_state.clock.now(), error=describe(error))
            raise
        self._change(place, ended_at=self._fleet_state.clock.now())

    def detail(self, text: str) -> None:
        """Say more about the step that runs."""
        self._change(self._place, detail=text)

    def part(self, part: Part) -> None:
        """Say what became of one of many targets; what was said of it before is replaced."""
        others = (known for known in self.operation.parts if (known.target, known.vm) != (part.target, part.vm))
        self._put(parts=(*others, part))

    def agent(self, agent: AgentId) -> None:
        """Name the agent this operation is about, once it is known."""
        self._put(agent=agent)

    def finish(self, error: BaseException | None = None) -> None:
        """End the operation."""
        hint = error.hint if isinstance(error, CockpitError) else ""
        message = error.message if isinstance(error, CockpitError) else describe(error) if error else ""
        self._put(ended_at=self._fleet_state.clock.now(), error=message, hint=hint)

    def _change(self, place: int, **changes: object) -> None:
        steps = list(self.operation.steps)
        steps[place] = replace(steps[place], **changes)  # type: ignore[arg-type]
        self._put(steps=tuple(steps))

    def _put(self, **changes: object) -> None:
        self._shared[0] = replace(self.operation, **changes)  # type: ignore[arg-type]
        self._fleet_state.put_operation(self.operation)


def describe(error: BaseException) -> str:
    """Return what an exception says, never empty."""
    if isinstance(error, CockpitError):
        return error.message
    if isinstance(error, asyncio.CancelledError):
        return LEFT
    return str(error) or type(error).__name__
