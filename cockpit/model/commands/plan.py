"""Commands about plans: put one on the board, let it run, hold it, let it do one thing, take a task of it over."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.ids import TaskId
from cockpit.model.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class CreatePlan:
    """Put a plan on the board; what of it is there already is not made twice. It does not run by that."""

    plan: Plan
    source: str = ""
    """On whose board; empty for the first."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Let a plan run, or go on."""

    name: str
    at_once: int | None = None
    """Tasks that agents work on at the same time; None leaves it as it is."""
    vms: int | None = None
    """VMs that may be made for it; None leaves it as it is."""
    source: str = ""
    keeps: bool | None = None
    """The workers made for it stay when it is done; None leaves it as it is."""


@dataclass(frozen=True, slots=True)
class HoldPlan:
    """Have a plan do nothing more by itself; agents go on with what they have."""

    name: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Have a plan that is held do the one thing that is next."""

    name: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class TakePlanned:
    """Take a task out of its plan's hands, or give it back; who works on it goes on."""

    task: TaskId
    back: bool = False


NamedPlanCommand = CreatePlan | RunPlan | HoldPlan | StepPlan
PlanCommand = NamedPlanCommand | TakePlanned
