"""How a plan ends: the workers that were made for it go, unless it says that they stay, and then it is done."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.model.fleet import AgentKind
from cockpit.model.ids import AgentId
from cockpit.model.plan.acts import Act, Finish, TearDown
from cockpit.model.plan.marks import BoardPlan
from cockpit.model.plan.workers import Readiness, Worker

GO = (Readiness.FREE, Readiness.LOST)
"""Who can be given up: it rests with nothing of its own on the board, or its process is no more."""

COMES_TO_REST = (Readiness.WORKS, Readiness.UNSEEN)
"""Who is waited for: whoever handed the last task in has a last word to say."""


def ending(
    plan: BoardPlan, workers: Collection[Worker], tearing: Collection[AgentId], tried: Collection[AgentId]
) -> tuple[Act, ...]:
    """Return what is to be done about a plan all of whose tasks are done.

    Args:
        plan: which.
        workers: everybody of its source.
        tearing: who is being given up just now.
        tried: who was to be given up; where one is among the workers still, it was said why.
    """
    if plan.head.status == "done":
        return ()
    made = [worker for worker in workers if worker.plan == plan.name and worker.has_vm]
    if plan.settings.keeps or not made:
        return (Finish(),)
    if any(worker.id in tearing for worker in made):
        return ()
    due = [one for one in made if one.kind is AgentKind.WORKER and one.readiness in GO and one.id not in tried]
    if due:
        return (TearDown(tuple((one.id, one.name) for one in due)),)
    if any(one.readiness in COMES_TO_REST and one.id not in tried for one in made):
        return ()
    left = (f"{one.name} ({one.reason or one.readiness.value})" for one in made if one.id not in tried)
    return (Finish(tuple(left)),)
