"""Many agents at once: stop everything and continue it, tear workers down, and what goes on of such acts."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.commands.swarm import ContinueAll, StopAll
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import VmId
from cockpit.model.standstill import continue_orders, stop_orders
from cockpit.model.workers import removable, teardown_orders, workers_in
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.course import CourseDialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.widgets.choice_field import Choice

MOST_NAMED = 12
"""Targets that a question names one by one."""


def named(fleet: Fleet, vms: tuple[VmId, ...]) -> list[Clean]:
    """Name the targets of a question; of very many, how many more there are."""
    lines = []
    for vm_id in vms[:MOST_NAMED]:
        agent = fleet.agent_on(vm_id)
        who = our_line("{} {}", agent.kind.value, agent.name) if agent is not None else ours("nobody's")
        lines.append(our_line("{} · {} {}", who, kind_words(fleet.vm(vm_id)), vm_id[:8]))
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


def groups_of_workers(fleet: Fleet) -> list[tuple[str, Clean, tuple[Agent, ...]]]:
    """Return the groups of workers one may mean: all, those of each agent above them, and those of each label."""
    everyone = workers_in(fleet)
    found = [("all", our_line("all {} workers", len(everyone)), everyone)]
    for agent in fleet.agents:
        below = workers_in(fleet, parent=agent.id)
        if below:
            found.append((f"parent {agent.id}", our_line("{} of {}", len(below), agent.name), below))
    for label in sorted({label for worker in everyone for label in worker.labels}):
        labelled = workers_in(fleet, label=label)
        found.append((f"label {label}", our_line("{} labelled {}", len(labelled), label), labelled))
    found += [(f"worker {worker.id}", our_line("only {}", worker.name), (worker,)) for worker in everyone]
    return found


def has_workers(situation: Situation) -> str:
    """Ask for a worker."""
    return "" if workers_in(situation.fleet) else "there is no worker"


def _can_tear_down(situation: Situation) -> str:
    orders = teardown_orders(removable(workers_in(situation.fleet), situation.fleet))
    reasons = [situation.engine.disabled_reason(order) for order in orders]
    return has_workers(situation) or ("" if not all(reasons) else reasons[0])


def _teardown(home: HomePort) -> None:
    """Ask which workers are meant, look at what would be lost with each, and ask once more."""
    groups = {key: workers for key, _, workers in groups_of_workers(home.fleet)}
    choices = tuple(Choice(key, words) for key, words, _ in groups_of_workers(home.fleet))
    selected = home.agent
    here = f"parent {selected.id}" if selected is not None else ""
    alone = f"worker {selected.id}" if selected is not None else ""
    first = next((key for key in (here, alone) if key in groups), "all")

    def finish(values: Values | None) -> None:
        if values is not None:
            ask_to_tear_down(home, groups[values["which"]])

    field = Field("which", ours("workers"), "choice", first, choices=choices)
    home.open_dialog(FormDialog(ours("Teardown"), (field,)), finish)


def ask_to_tear_down(home: HomePort, workers: Sequence[Agent]) -> None:
    """Look at what would be lost with workers, name it, and tear them down if the operator says so."""
    orders = teardown_orders(removable(workers, home.fleet))

    async def ask() -> None:
        losses = await home.engine.losses.look([vm for order in orders for vm in order.vms])
        lines = [our_line("{} · {}", loss.name, "; ".join(loss.sentences)) for loss in losses]
        consequence = ours("The VMs go with their disks. No commit of them is made.")
        home.open_dialog(ConfirmDialog(ours("Teardown"), lines, consequence, word=str(len(losses))), finish)

    def finish(yes: bool | None) -> None:
        if yes:
            given = [home.command(order) for order in orders]
            home.open_dialog(CourseDialog(home.engine, ours("Teardown"), given))

    home.app.run_worker(ask(), name="look at what would be lost")


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
        "Continue what stopping all froze",
        _continue_all,
        _can_continue,
        writes=True,
    ),
    Action(
        "swarm.teardown",
        "",
        "teardown",
        "Agents",
        "Delete workers: all, of an agent, or of a label",
        _teardown,
        _can_tear_down,
        writes=True,
        dangerous=True,
    ),
    Action("swarm.course", "", "what goes on", "Agents", "Show the steps of what was ordered", _what_goes_on),
)
