"""Headless verbs: the same engine, no screen. Each returns its exit code or raises a CockpitError."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cockpit import config
from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.cli import agent as agent_verbs
from cockpit.cli import output
from cockpit.cli.signals import GracefulExit
from cockpit.engine.engine import CONTACT_LIMIT, Engine
from cockpit.errors import CockpitError, Gone, NotFound, Refused, UsageError
from cockpit.model.commands import Abort, Adopt, Branch, Command, Commit, Destroy, Pause, Relaunch, Resume, Spawn
from cockpit.model.fleet import Agent, AgentKind, Receipt, ServiceHealth, Stage
from cockpit.model.ids import AgentId, CommitId, OperationId, VmId
from cockpit.store.store import Store
from cockpit.text.sanitize import clean_line
from cockpit.text.streams import ask, input_is_terminal, say, warn

SETTLE_LIMIT = 20.0
"""Seconds `agents` waits for links that are slow; what has not answered by then is shown as it is."""

FIRST_CONTACT = 28.0
"""Seconds from its start within which a verb has reached what it needs, or ends and says what it waited for."""


class Headless:
    """What a verb needs to open an engine."""

    def __init__(self, root: Path | None, config_file: Path | None) -> None:
        self._ends = time.monotonic() + FIRST_CONTACT
        self.settings = config.load(config_file)
        self.places = Places.under(root) if root else Places.standard()
        self.source = make_source(self.settings, self.places, force_embedded=root is not None)

    def left(self) -> float:
        """Return the seconds that remain for the first contact."""
        return max(1.0, self._ends - time.monotonic())

    @asynccontextmanager
    async def engine(
        self, attach: Callable[[Agent], bool] = lambda agent: True, *, watch: bool = False, record: bool = True
    ) -> AsyncIterator[Engine]:
        """Run an engine that attaches to the named agents only."""
        async with running_engine(
            self.settings,
            self.places,
            self.source,
            attach=attach,
            watch=watch,
            record=record,
            contact=min(CONTACT_LIMIT, self.left()),
        ) as engine:
            say_notices(engine.store)
            try:
                yield engine
            except Gone:
                raise
            except NotFound as error:
                health = silent(engine, "vers") or silent(engine, "registry")
                if health is None:
                    say_unreadable(engine, "vers", "registry")
                    raise
                # What is not known cannot be told from what does not exist.
                raise Refused(f"{error.message}, as far as is known: {health.reason}", hint=health.hint) from error


def run(verb: str, root: Path | None, config_file: Path | None, arguments: tuple[object, ...]) -> int:
    """Run one verb to its end."""
    work: Callable[..., Awaitable[int]] = VERBS[verb]
    return asyncio.run(_run(work, root, config_file, arguments))


async def _run(
    work: Callable[..., Awaitable[int]], root: Path | None, config_file: Path | None, arguments: tuple[object, ...]
) -> int:
    with GracefulExit() as graceful_exit:
        headless = await asyncio.to_thread(Headless, root, config_file)
        return await work(headless, *arguments)
    return graceful_exit.exit_code


def nobody(agent: Agent) -> bool:
    """Attach to no agent."""
    return False


async def vms(headless: Headless, as_json: bool) -> int:
    """List the VMs."""
    async with headless.engine(nobody) as engine:
        require_health(engine, "vers")
        fleet = engine.fleet
        objects = [output.vm_object(vm, fleet) for vm in fleet.vms]
        if as_json:
            output.print_json(objects)
        else:
            rows = [
                (
                    row["vm_id"],
                    row["power"],
                    row["agent"] or (f"perhaps ours: {row['perhaps_ours']}" if row["perhaps_ours"] else "-"),
                )
                for row in objects
            ]
            output.print_table(("VM", "POWER", "AGENT"), rows)
        return say_unreadable(engine, "vers")


async def agents(headless: Headless, as_json: bool) -> int:
    """List the agents, each as its stream says it is now; a list that may lack some is a failure."""
    async with headless.engine() as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        if as_json:
            fleet, now = engine.fleet, engine.now()
            output.print_json([output.agent_object(agent, fleet, now) for agent in fleet.agents])
        else:
            output.print_agents(engine.fleet, engine.now())
        troubled = {health.name: health for health in engine.fleet.health if not health.ok}
        unanswered = silent(engine, "vers")
        if unanswered is not None:
            troubled["vers"] = unanswered
        for health in troubled.values():
            warn(f"cockpit: {health.name}: {health.reason}{f' ({health.hint})' if health.hint else ''}")
        unreadable = say_unreadable(engine, "vers", "registry")
    return 1 if unreadable or troubled.keys() & {"vers", "registry"} else 0


async def board(headless: Headless, as_json: bool) -> int:
    """List the board."""
    if headless.source.board is None:
        raise Refused("no board is configured", hint="set VERS_INFRA_URL and VERS_AUTH_TOKEN")
    async with headless.engine(nobody) as engine:
        require_health(engine, "board")
        tasks = engine.fleet.tasks
        if as_json:
            output.print_json([output.task_object(task) for task in tasks])
        else:
            rows = [(task.id, task.status, task.assignee or "-", f"{len(task.notes)}", task.title) for task in tasks]
            output.print_table(("TASK", "STATUS", "ASSIGNEE", "NOTES", "TITLE"), rows)
        return say_unreadable(engine, "board")


def require_health(engine: Engine, name: str) -> None:
    """Fail with a service's own reason if it did not answer."""
    health = silent(engine, name)
    if health is not None:
        raise Refused(health.reason, hint=health.hint or "try again; see the log file for more")


def say_unreadable(engine: Engine, *names: str) -> int:
    """Say which lists have records that cannot be read; return the exit code: such a list may lack something."""
    code = 0
    for name in names:
        health = engine.fleet_state.health.get(name)
        if health is not None and health.unreadable:
            records = "record" if health.unreadable == 1 else "records"
            warn(f"cockpit: {name}: {health.unreadable} {records} of its list cannot be read: this is not all of it")
            code = 1
    return code


def say_notices(store: Store) -> None:
    """Say what happened to the history when it was opened: set aside, upgraded, or kept for this time only."""
    for notice in store.notices:
        warn(f"cockpit: {notice}")


def silent(engine: Engine, name: str) -> ServiceHealth | None:
    """Return what is wrong with a service, or None if it answered."""
    if name == "vers" and name not in engine.fleet_state.health:
        return ServiceHealth(name, False, engine.now(), "the VM list did not answer in time", "try again")
    found = engine.fleet_state.health.get(name)
    return found if found is not None and not found.ok else None


async def spawn(
    headless: Headless,
    name: str,
    kind: str,
    role: str,
    image: str,
    program: str,
    labels: tuple[str, ...],
    parent: str,
    model: str,
    as_json: bool,
) -> int:
    """Spawn an agent, with its steps on standard error."""
    command = Spawn(name, AgentKind(kind), role, CommitId(image) if image else None, program, labels, parent, model)
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        refusal = engine.disabled_reason(command)
        if refusal:
            raise UsageError(f"cannot spawn {name}: {refusal}")
        receipt = await carry_out(engine, command)
        agent = engine.agent_named(engine.fleet_state.operations[OperationId(receipt.id)].agent or name)
        if as_json:
            output.print_json(output.agent_object(agent, engine.fleet, engine.now()))
        else:
            say(f"{clean_line(agent.name)} {clean_line(agent.vm_id)}")
    return 0


async def carry_out(engine: Engine, command: Command) -> Receipt:
    """Dispatch a command, print its steps as they end, and wait for its end.

    Raises:
        CockpitError: it failed; says at which step and why.
    """
    command_id = engine.dispatch(command)
    printed = 0
    receipt = engine.fleet_state.receipts[command_id]
    while receipt.stage not in (Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED):
        revision = engine.revision
        operation = engine.fleet_state.operations.get(OperationId(command_id))
        if operation is not None:
            printed = output.print_operation(operation, printed)
        await engine.fleet_state.until(lambda seen=revision: engine.revision != seen)  # type: ignore[misc]
        receipt = engine.fleet_state.receipts[command_id]
    operation = engine.fleet_state.operations.get(OperationId(command_id))
    if operation is not None:
        output.print_operation(operation, printed)
    if receipt.stage is not Stage.DONE:
        raise CockpitError(receipt.reason or receipt.stage.value)
    return receipt


def vm_named(engine: Engine, name: str) -> tuple[VmId, str]:
    """Return the VM with an id, else the VM of the agent with a name, and how it is called.

    Raises:
        NotFound: there is neither.
        UsageError: several agents have the name.
    """
    vm = engine.fleet.vm(VmId(name.lower()))
    agent = engine.fleet_state.agent_named(name)
    if vm is not None:
        return vm.id, agent.name if agent is not None else vm.id
    if agent is None:
        engine.fleet_state.check_not_gone(name)
        known = ", ".join(sorted(agent.name for agent in engine.fleet.agents)) or "none"
        raise NotFound(f"there is no agent or VM {name}", hint=f"agents here: {known}")
    return agent.vm_id, agent.name


async def power(headless: Headless, name: str, verb: str) -> int:
    """Pause or resume a VM; what is so already is no failure."""
    async with headless.engine(agent_verbs.only(name)) as engine:
        vm_id, called = vm_named(engine, name)
        command = Pause(vm_id) if verb == "pause" else Resume(vm_id)
        reason = engine.disabled_reason(command)
        if reason.startswith(("it is paused already", "the VM is running, not paused")):
            warn(f"{called}: {reason}")
            return 0
        await carry_out(engine, command)
    return 0


async def abort(headless: Headless, name: str) -> int:
    """End the current run and wait until the agent says so."""
    async with headless.engine(agent_verbs.only(name)) as engine:
        agent = await agent_verbs.reachable(engine, name, headless.left())
        command_id = engine.dispatch(Abort(agent.id))
        receipt = await engine.outcome(command_id, until=Stage.ACCEPTED, timeout=agent_verbs.ABORT_LIMIT)
        return agent_verbs.settled_report(
            receipt, Stage.ACCEPTED, agent_verbs.ABORT_LIMIT, "the run goes on, as far as is known"
        )


async def relaunch(headless: Headless, name: str, change_program: bool) -> int:
    """Start a dead agent's process again, with the program and version it had unless a change is accepted."""
    async with headless.engine(agent_verbs.only(name), watch=True) as engine:
        agent = await agent_verbs.reachable(engine, name, headless.left())
        command = Relaunch(agent.id, change_program)
        refusal = engine.disabled_reason(command)
        if refusal:
            raise Refused(f"cannot relaunch {name}: {refusal}")
        await carry_out(engine, command)
    return 0


async def adopt(headless: Headless, vm: str, name: str, kind: str, role: str) -> int:
    """Take over an agent that lives on a VM, with the steps on standard error."""
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        vm_id = VmId(vm)
        if vm_id not in engine.fleet_state.vms:
            raise NotFound(f"there is no VM {vm}", hint="`cockpit vms` lists them; give the id as it stands there")
        command = Adopt(vm_id, name, AgentKind(kind), role)
        if refusal := engine.disabled_reason(command):
            raise UsageError(f"cannot adopt {name}: {refusal}")
        await carry_out(engine, command)
        say(f"{clean_line(name)} {clean_line(vm_id)}")
    return 0


async def destroy(headless: Headless, name: str, yes: bool) -> int:
    """Delete a VM after naming it."""
    async with headless.engine(nobody) as engine:
        vm_id, called = vm_named(engine, name)
        if not yes and not _confirmed(engine, vm_id, called):
            return 1
        await carry_out(engine, Destroy(vm_id))
    return 0


def _confirmed(engine: Engine, vm_id: VmId, called: str) -> bool:
    agent = engine.fleet_state.agents.get(AgentId(vm_id))
    what = f"{agent.kind.value} {agent.name} on VM {vm_id}" if agent else f"VM {vm_id}"
    if not input_is_terminal():
        raise UsageError(f"destroy would delete {what}", hint="add --yes to do it without a terminal")
    warn(f"This deletes {clean_line(what)}: its disk, its processes, its output. It cannot be undone.")
    return ask(f"Type {clean_line(called)} to go on: ") in (called, clean_line(called))


async def commit(headless: Headless, name: str, label: str, as_json: bool) -> int:
    """Take a snapshot and print its id."""
    return await _with_detail(headless, name, lambda vm_id: Commit(vm_id, label), as_json)


async def branch(headless: Headless, name: str, count: int, as_json: bool) -> int:
    """Copy a VM and print the copies' ids."""
    return await _with_detail(headless, name, lambda vm_id: Branch(vm_id, count), as_json)


async def search(headless: Headless, text: str, name: str, limit: int, as_json: bool) -> int:
    """Search all recorded transcripts, also of agents that no longer exist; finding nothing is exit code 1."""
    store = await Store.open(headless.places.history)
    say_notices(store)
    try:
        rows = await store.agents()
        names = {row.id: row.name for row in rows}
        wanted = [row.id for row in rows if row.id == name.lower()] or [row.id for row in rows if row.name == name]
        if name and not wanted:
            raise NotFound(f"no agent named {name} is remembered")
        hits = await store.search(text, limit=limit) if not name else []
        for agent in wanted if name else []:
            hits += await store.search(text, agent=agent, limit=limit)
    finally:
        await store.close()
        await headless.source.close()
    if as_json:
        output.print_json([output.hit_object(hit, names) for hit in hits])
    else:
        rows_shown = [(names.get(hit.agent, hit.agent), f"{hit.line}", hit.source, hit.excerpt) for hit in hits]
        output.print_table(("AGENT", "LINE", "WHERE", "TEXT"), rows_shown)
    return 0 if hits else 1


async def _with_detail(headless: Headless, name: str, command: Callable[[VmId], Command], as_json: bool) -> int:
    async with headless.engine(nobody) as engine:
        vm_id, _ = vm_named(engine, name)
        receipt = await carry_out(engine, command(vm_id))
        operation = engine.fleet_state.operations[OperationId(receipt.id)]
        ids = operation.steps[0].detail.split(", ")
        output.print_json(ids) if as_json else say("\n".join(map(clean_line, ids)))
    return 0


VERBS: dict[str, Any] = {
    "vms": vms,
    "agents": agents,
    "board": board,
    "spawn": spawn,
    "power": power,
    "abort": abort,
    "relaunch": relaunch,
    "adopt": adopt,
    "destroy": destroy,
    "commit": commit,
    "branch": branch,
    "search": search,
    "send": agent_verbs.send,
    "tail": agent_verbs.tail,
    "wait": agent_verbs.wait,
    "answer": agent_verbs.answer,
}
"""Every headless verb under the name the command line calls it by."""
