"""What can be asked of VMs: `power:paused agent:forge -is:orphan`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cockpit.model.filters.fields import UNITS, Measure, Vocabulary, Wording
from cockpit.model.fleet import Agent, LinkState, Power, Vm


@dataclass(frozen=True, slots=True)
class Machine:
    """A VM with what is known about it."""

    vm: Vm
    agent: Agent | None
    said: str
    """A word or two on what does not fit."""
    now: float

    def signs(self) -> Iterator[str]:
        """Yield what is to be said of it in a word."""
        if self.agent is None:
            yield "orphan"
        if self.vm.hosts_services:
            yield "services"
        if self.said:
            yield self.said


def _words(machine: Machine) -> Iterable[str]:
    vm, agent = machine.vm, machine.agent
    return (vm.id, vm.label, vm.power.value, agent.name if agent is not None else "orphan", machine.said)


MACHINES: Vocabulary[Machine] = Vocabulary(
    _words,
    {
        "vm": Wording(lambda machine: (machine.vm.id, machine.vm.label)),
        "power": Wording(lambda machine: (machine.vm.power.value,), known=tuple(Power)),
        "agent": Wording(lambda machine: (machine.agent.name,) if machine.agent is not None else (), within=True),
        "kind": Wording(lambda machine: (machine.agent.kind.value,) if machine.agent is not None else ()),
        "link": Wording(
            lambda machine: (machine.agent.link.state.value,) if machine.agent is not None else (),
            known=tuple(LinkState),
        ),
        "owner": Wording(lambda machine: (machine.vm.owner,)),
        "source": Wording(lambda machine: (machine.vm.source,)),
        "is": Wording(Machine.signs, several=True),
        "age": Measure(lambda machine: machine.now - machine.vm.created_at if machine.vm.created_at else None, UNITS),
    },
    marks={"@": "agent"},
    others={"state": "power", "name": "agent", "label": "vm"},
)
"""VMs."""
