"""Many agents at once: stop everything and continue it, and what goes on of such acts."""

from __future__ import annotations

from cockpit.model.commands import ContinueAll, StopAll
from cockpit.model.fleet import Fleet
from cockpit.model.ids import VmId
from cockpit.model.standstill import continue_orders, stop_orders
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.course import CourseDialog

MOST_NAMED = 12
"""Targets that a question names one by one."""


def named(fleet: Fleet, vms: tuple[VmId, ...]) -> list[Clean]:
    """Name the targets of a question; of very many, how many more there are."""
    lines = []
    for vm_id in vms[:MOST_NAMED]:
        agent = fleet.agent_on(vm_id)
        who = our_line("{} {}", agent.kind.value, agent.name) if agent is not None else ours("VM")
        lines.append(our_line("{} · VM {}", who, vm_id[:8]))
    if len(vms) > MOST_NAMED:
        lines.append(our_line("and {} more", len(vms) - MOST_NAMED))
    return lines


def _can_stop(situation: Situation) -> str:
    orders = stop_orders(situation.fleet) or (StopAll(()),)
    return next(filter(None, map(situation.engine.disabled_reason, orders)), "")


def _stop_all(home: HomePort) -> None:
    orders = stop_orders(home.fleet)

    def finish(yes: bool | None) -> None:
        if yes:
            given = [home.command(order) for order in orders]
            home.open_dialog(CourseDialog(home.engine, ours("Stop all"), given))

    targets = named(home.fleet, tuple(vm for order in orders for vm in order.vms))
    consequence = our_line(
        "Every run is aborted. Who does not prove within {} s that it stopped is frozen.", f"{orders[0].bound:g}"
    )
    home.open_dialog(ConfirmDialog(ours("Stop all"), targets, consequence), finish)


def _can_continue(situation: Situation) -> str:
    orders = continue_orders(situation.fleet) or (ContinueAll(()),)
    return next(filter(None, map(situation.engine.disabled_reason, orders)), "")


def _continue_all(home: HomePort) -> None:
    given = [home.command(order) for order in continue_orders(home.fleet)]
    home.open_dialog(CourseDialog(home.engine, ours("Continue all"), given))


def _what_goes_on(home: HomePort) -> None:
    home.open_dialog(CourseDialog(home.engine, ours("What goes on, and what was done")))


ACTIONS: tuple[Action, ...] = (
    Action(
        "swarm.stop",
        "X",
        "stop all",
        "Agents",
        "End every run; who does not prove it is frozen",
        _stop_all,
        _can_stop,
        writes=True,
        dangerous=True,
    ),
    Action(
        "swarm.continue",
        "",
        "continue all",
        "Agents",
        "Continue the VMs that stopping all froze",
        _continue_all,
        _can_continue,
        writes=True,
    ),
    Action("swarm.course", "", "what goes on", "Agents", "Show the steps of what was ordered", _what_goes_on),
)
