"""The verb that tears workers down: named with what would be lost, asked, and each told how it went."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.choosing import Chosen
from cockpit.cli.courses import carry_out_all, part_object, parts_of, print_parts, say_failed
from cockpit.cli.exits import ExitCode, of_several
from cockpit.cli.headless import Headless, require_health
from cockpit.cli.losses import agreed, look, say_losses
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.workers import DELETED, removable, teardown_orders
from cockpit.text.clean import ours

GOES = ours("The VMs go with their disks. No commit of them is made.")
UNDONE = ours("The VMs go with their disks. A commit of each is kept for a while.")


async def teardown(headless: Headless, choice: Chosen, *, undo: bool, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete workers; exit code 5 if some could not be deleted, which then stay listed.

    Args:
        choice: of workers.
        undo: keep a commit of each for a while.
    """
    choice.check()
    asked = dry_run or not yes
    reached = asked or bool(choice.parent or choice.line)
    async with headless.engine((lambda agent: agent.kind is AgentKind.WORKER and reached), watch=True) as engine:
        require_health(engine, "vers")
        workers = chosen(engine, await choice.looked_up(engine, headless.left()))
        if not workers:
            raise NotFound("there is no such worker", hint="`cockpit agents` lists who is here")
        orders = teardown_orders(workers, undo=undo)
        for order in orders:
            if refusal := engine.disabled_reason(order):
                raise UsageError(f"cannot tear down: {refusal}")
        if asked:
            losses = await look(headless, engine, [vm for order in orders for vm in order.vms])
            if dry_run:
                say_losses(losses, as_json)
                return ExitCode.DONE
            if not agreed("tear down", losses, UNDONE if undo else GOES):
                return ExitCode.FAILED
        receipts = await carry_out_all(engine, orders)
        parts = parts_of(engine, receipts)
        if as_json:
            output.print_json([part_object(part) for part in parts])
        else:
            print_parts(parts)
        say_failed(receipts)
        gone = sum(part.outcome == DELETED for part in parts)
    return of_several(gone, len(workers))


def chosen(engine: HeadlessPort, choice: Chosen) -> tuple[Agent, ...]:
    """Return the workers that are meant, each once: the named ones, else all that parent, label and filter leave.

    Raises:
        NotFound, UsageError: a name fits nothing, or several, or no worker.
    """
    found = choice.workers(engine)
    if not choice.names:
        return removable(found, engine.fleet)
    wanted = [engine.agent_named(name) for name in dict.fromkeys(choice.names)]
    for agent in wanted:
        if agent.kind is not AgentKind.WORKER:
            kind = f"{agent.name} is no worker but {agent.kind.value}"
            raise UsageError(kind, hint=f"cockpit destroy {agent.name}, if you mean it")
        if agent.id not in {one.id for one in found}:
            why = "it is of another account, hosts the services, or --parent, --label or --filter leave it out"
            raise UsageError(f"{agent.name} is not among the workers that are meant", hint=why)
    return tuple(wanted)
