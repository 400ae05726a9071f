"""Why a command about a plan is refused."""

from __future__ import annotations

from cockpit.model.commands.plan import CreatePlan, HoldPlan, PlanCommand, RunPlan, StepPlan, TakePlanned
from cockpit.model.fleet import Fleet
from cockpit.model.plan.marks import KEY, TAKEN, BoardPlan, plans_on, value_of
from cockpit.model.plan.plan import MOST_AT_ONCE, MOST_VMS, fault_of_name
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_plan(command: PlanCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, CreatePlan):
        return _of_creation(command)
    if isinstance(command, TakePlanned):
        return _of_taking(command, fleet)
    plan = plan_named(command.name, fleet)
    if plan is None:
        return Refusal(RefusalCode.NO_TASK, f"there is no plan {command.name!r} on the board")
    if plan.head.status == "done":
        return Refusal(RefusalCode.ALREADY, "it is done")
    match command:
        case RunPlan(at_once=at_once, vms=vms):
            if at_once is not None and not 1 <= at_once <= MOST_AT_ONCE:
                return Refusal(RefusalCode.BAD_NUMBER, f"at once: a number from 1 to {MOST_AT_ONCE}")
            if vms is not None and not 0 <= vms <= MOST_VMS:
                return Refusal(RefusalCode.BAD_NUMBER, f"VMs: a number from 0 to {MOST_VMS}")
            unchanged = at_once is None and vms is None and command.keeps is None
            if plan.runs and not plan.held and unchanged:
                return Refusal(RefusalCode.ALREADY, "it runs already")
        case HoldPlan():
            if not plan.runs:
                return Refusal(RefusalCode.ALREADY, "it does not run")
            if plan.held:
                return Refusal(RefusalCode.ALREADY, "it is held already")
        case StepPlan():
            if plan.runs and not plan.held:
                return Refusal(RefusalCode.ALREADY, "it runs by itself: hold it first")
            if plan.steps:
                return Refusal(RefusalCode.ALREADY, "its next step is under way")
    return None


def _of_creation(command: CreatePlan) -> Refusal | None:
    if sentence := fault_of_name(command.plan.name):
        return Refusal(RefusalCode.BAD_NAME, sentence)
    return None if command.plan.tasks else Refusal(RefusalCode.NO_TASK, "there is no task in it")


def _of_taking(command: TakePlanned, fleet: Fleet) -> Refusal | None:
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None or not value_of(task, KEY):
        return Refusal(RefusalCode.NO_TASK, "there is no such task of a plan")
    if (TAKEN in task.tags) is not command.back:
        return Refusal(RefusalCode.ALREADY, "the plan has it" if command.back else "you have taken it already")
    return None


def plan_named(name: str, fleet: Fleet) -> BoardPlan | None:
    """Return the plan with a name, or None."""
    return next((plan for plan in plans_on(fleet.tasks) if plan.name == name), None)
