"""What an architect is told: goal, requirements, the whole specification, and the bounds of what it may make."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.family import FamilyBounds
from cockpit.model.keys import key_in
from cockpit.model.workers import MOST

WORKERS = 3
"""How many workers an architect makes, unless it is told otherwise."""

TEMPLATE = """You are the architect of this work. You do not build it yourself: you split it, have workers build it \
at the same time, and bring the parts together.

# Goal

{goal}
{requirements}
# Specification

All of it stands between the two lines. No worker can read your files: put the whole of it into the task of each \
worker, as it stands here, and never a path or a link in its place.

{fence}
{spec}
{fence}

# How

1. Plan {workers} parts that can be built at the same time, and say where they meet.
2. Make {workers} workers{image}, each under a name of its own, with your own name as its parent.
3. Give each a task that holds its part, the goal, the requirements and the specification.
4. Wait until all are done, read what each says, put the parts together and try the whole.
5. End every worker that you made. Say what was built, where it is, and what is left open.

# How a worker is made

With the tools for it, if you have any. Else over the platform's API at $VERS_BASE_URL with $VERS_API_KEY, and the \
registry at $VERS_INFRA_URL with $VERS_AUTH_TOKEN. So that it is known to be yours:

- its process has VERS_PARENT_AGENT (your $VERS_AGENT_NAME), VERS_AGENT_NAME, VERS_AGENT_ROLE=worker and VERS_VM_ID;
- its ~/.swarm/identity.json is yours with its own vmId and agentId, with your $VERS_VM_ID as parentVmId, and with a \
depth that is one more;
- it is registered as a worker, with metadata.agentId and metadata.parentSession: true.

# Bounds

- {bounds}
- ~/.swarm/identity.json holds them as maxVms and maxDepth, with your own depth. Read it before you make a VM; a \
worker of yours that makes VMs counts with you.
- No key and no token goes into a task, a file or a commit: each worker has its own in its environment.
"""


@dataclass(frozen=True, slots=True)
class ArchitectBrief:
    """What an architect is to have built."""

    goal: str
    spec: str = ""
    """The text itself, never where it stands; empty takes the goal for it."""
    requirements: tuple[str, ...] = ()
    workers: int = WORKERS
    golden: str = ""
    """The commit its workers are restored from; empty for fresh VMs."""


def fault_of_brief(brief: ArchitectBrief) -> str:
    """Say why a brief cannot be given, or return empty text."""
    if not brief.goal.strip():
        return "an architect needs a goal"
    if not 1 <= brief.workers <= MOST:
        return f"{brief.workers} workers cannot be made: 1 to {MOST}"
    parts = [
        ("goal", brief.goal),
        ("specification", brief.spec),
        *(("requirement", text) for text in brief.requirements),
    ]
    for where, text in parts:
        if what := key_in(text):
            return f"the {where} holds {what}: every worker, log and commit would have it; take it out"
    return ""


def architect_task(brief: ArchitectBrief, bounds: FamilyBounds) -> str:
    """Return the first prompt of an architect.

    Args:
        brief: what it is to have built; see `fault_of_brief`.
        bounds: what its family may have.
    """
    spec = brief.spec.strip() or brief.goal.strip()
    fence = "=== specification ==="
    while fence in spec:
        fence = f"={fence}="
    listed = "".join(f"- {text.strip()}\n" for text in brief.requirements if text.strip())
    most, deepest = bounds.max_vms, bounds.max_depth
    vms = f"At most {most} VMs in your family at once, yours among them" if most else "As many VMs as it takes"
    depth = f"at most {deepest} generations below you" if deepest else "any number of generations"
    return TEMPLATE.format(
        goal=brief.goal.strip(),
        requirements=f"\n# Requirements\n\n{listed}" if listed else "",
        fence=fence,
        spec=spec,
        workers=brief.workers,
        image=f", each restored from commit {brief.golden}" if brief.golden else ", each on a fresh VM",
        bounds=f"{vms}, {depth}.",
    )
