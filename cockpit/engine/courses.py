"""The courses of what was ordered, kept so that they are found again: by the next cockpit, and by others that run.

Each process writes down its own operations while they go on, and takes in those of others. One whose process says no
more in the midst of a step was left there: it is shown so, with how one goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict, replace

from cockpit.engine.operation import LEFT
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.ids import AgentId, OperationId, VmId
from cockpit.model.operation import Operation, Part, Step
from cockpit.store.store import Store

log = logging.getLogger(__name__)

PREFIX = "operation "
"""Before an operation's id, as the name under which the store has it."""

LOOK_INTERVAL = 2.0
"""Seconds between two looks at what others do, and two savings of what is done here."""

SILENT = 20.0
"""Seconds after which an operation that nobody writes down any more counts as left."""

KEPT = 30
"""Operations that stay written down; the oldest go."""

MOST_OUTPUT = 400
"""Characters that are kept of what a command said on a VM."""

WAY_ON = {
    "build image": "the same build again goes on where it was left",
    "infra": "`cockpit infra` goes on where it was left",
    "spawn": "what was made of it is on the VM list, and said if it is perhaps yours",
    "destroy": "what became of it is found out, and said",
}
"""How one goes on with what was left, by the word of the command."""


class Courses:
    """Keeps the operations of this process, and shows those of others."""

    def __init__(self, fleet_state: FleetState, store: Store) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._written: dict[OperationId, str] = {}
        """What this process wrote last of each of its own."""
        self._others: set[OperationId] = set()
        self._known: dict[str, tuple[str, Operation, float]] = {}
        """What was read, by its name: what stays as it was is not read again."""

    async def run(self) -> None:
        """Keep and look, again and again; at the end what was done last is kept, too."""
        try:
            while True:
                await saved(self._take_in())
                await self._save()
                await asyncio.sleep(LOOK_INTERVAL)
        finally:
            await self._save()

    async def _save(self) -> None:
        now = self._fleet_state.clock.now()
        for operation in tuple(self._fleet_state.operations.values()):
            if operation.id in self._others or not operation.steps:
                continue
            text = _written(operation, now)
            # One that goes on is written anew each time: that is its sign of life.
            if self._written.get(operation.id) != text:
                self._written[operation.id] = text
                await saved(self._store.choices.keep(PREFIX + operation.id, text))

    async def _take_in(self) -> None:
        """Take in what others have written down, and forget what is old."""
        now = self._fleet_state.clock.now()
        found: list[tuple[Operation, float]] = []
        for name, text in (await self._store.choices.kept()).items():
            if not name.startswith(PREFIX):
                continue
            try:
                known = self._known.get(name)
                if known is None or known[0] != text:
                    known = self._known[name] = (text, *_read(text))
                found.append(known[1:])
            except (ValueError, TypeError, KeyError) as error:
                log.warning("an operation that was written down cannot be read: %s", error)
                await self._store.choices.forget(name)
        found.sort(key=lambda pair: pair[0].started_at)
        for operation, _ in found[:-KEPT]:
            self._known.pop(PREFIX + operation.id, None)
            await self._store.choices.forget(PREFIX + operation.id)
        for operation, seen_at in found[-KEPT:]:
            if operation.id in self._written:
                continue
            self._others.add(operation.id)
            shown = _left(operation, seen_at) if operation.ended_at is None and now - seen_at > SILENT else operation
            if self._fleet_state.operations.get(operation.id) != shown:
                self._fleet_state.put_operation(shown)


def _left(operation: Operation, seen_at: float) -> Operation:
    """Return an operation as it was left by a process that is gone."""
    steps = tuple(step if step.ended_at is not None else replace(step, ended_at=seen_at) for step in operation.steps)
    if steps and not steps[-1].error:
        steps = (*steps[:-1], replace(steps[-1], error=LEFT))
    hint = WAY_ON.get(operation.verb, "look at the fleet: what was done of it stays done")
    return replace(operation, steps=steps, ended_at=seen_at, error=LEFT, hint=hint)


def _written(operation: Operation, now: float) -> str:
    fields = asdict(operation)
    for part in fields["parts"]:
        part["output"] = part["output"][:MOST_OUTPUT]
    seen_at = now if operation.ended_at is None else operation.ended_at
    return json.dumps({"operation": fields, "seen_at": seen_at})


def _read(text: str) -> tuple[Operation, float]:
    """Return an operation as it was written down, and when that was.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    held = json.loads(text)
    fields = dict(held["operation"])
    steps = tuple(Step(**step) for step in fields.pop("steps"))
    parts = tuple(
        Part(**{**part, "vm": VmId(part["vm"]) if part["vm"] is not None else None}) for part in fields.pop("parts")
    )
    agent = fields.pop("agent")
    identifier = OperationId(fields.pop("id"))
    of = AgentId(agent) if agent is not None else None
    return Operation(id=identifier, steps=steps, parts=parts, agent=of, **fields), float(held["seen_at"])
