"""Headless verbs that stop everything, with the proof for each agent, and continue it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, part_object, parts_of, print_parts, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, everybody, nobody, require_health
from cockpit.engine.port import HeadlessPort
from cockpit.model.commands.swarm import ContinueAll, StopAll
from cockpit.model.ids import VmId
from cockpit.model.operation import Part
from cockpit.model.standstill import UNREACHABLE, continue_orders, continued_words, stop_orders, stopped_words
from cockpit.text.sanitize import our_text
from cockpit.text.streams import say, warn


async def stop_all(headless: Headless, bound: float, dry_run: bool, as_json: bool) -> int:
    """Stop every agent; who cannot be stopped nor frozen makes the exit code 5."""
    async with headless.engine(nobody if dry_run else everybody, watch=True) as engine:
        require_health(engine, "vers")
        for vm in engine.fleet.vms:
            if vm.hosts_services and engine.fleet.agent_on(vm.id) is not None:
                warn(our_text("cockpit: VM {} is left alone: {}", vm.id, vm.hosts_services))
        orders = stop_orders(engine.fleet, bound)
        if dry_run:
            return _would(engine, (vm for order in orders for vm in order.vms), as_json)
        return await _carry_out(engine, orders, stopped_words, as_json)


async def continue_all(headless: Headless, dry_run: bool, as_json: bool) -> int:
    """Continue what stopping everything froze; that nothing is frozen is no failure."""
    async with headless.engine(nobody if dry_run else everybody, watch=True) as engine:
        require_health(engine, "vers")
        orders = continue_orders(engine.fleet)
        if dry_run:
            return _would(engine, (vm for order in orders for vm in order.vms), as_json)
        return await _carry_out(engine, orders, continued_words, as_json)


async def _carry_out(
    engine: HeadlessPort,
    orders: Sequence[StopAll | ContinueAll],
    words: Callable[[Iterable[Part]], str],
    as_json: bool,
) -> int:
    receipts = await carry_out_all(engine, orders)
    parts = parts_of(engine, receipts)
    if as_json:
        output.print_json([part_object(part) for part in parts])
    else:
        print_parts(parts)
        say(our_text("{}", words(parts)))
    if not say_failed(receipts):
        return ExitCode.DONE
    return ExitCode.PARTIAL if any(part.outcome != UNREACHABLE for part in parts) else ExitCode.FAILED


def _would(engine: HeadlessPort, vms: Iterable[VmId], as_json: bool) -> int:
    """Say whom it would be about, and do nothing."""
    found = []
    for vm_id in vms:
        agent = engine.fleet.agent_on(vm_id)
        found.append((agent.name if agent is not None else "", vm_id))
    if as_json:
        output.print_json([{"name": name, "vm_id": vm_id} for name, vm_id in found])
    else:
        output.print_table(("NAME", output.place_heading(engine.fleet)), found)
    return ExitCode.DONE
