"""The verbs about the ports of a VM: what listens there, a local address that leads there, a bridge for everybody."""

from __future__ import annotations

from typing import Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, said_yes
from cockpit.cli.headless import Headless, only, require_health
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Gone, Refused
from cockpit.model.commands.ports import EndBridge, OpenBridge, OpenForward
from cockpit.model.ids import VmId
from cockpit.model.ports import ListeningPort, PortForward, Ports, advice
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import flush_output, say, warn


async def ports(headless: Headless, name: str, as_json: bool) -> int:
    """List what listens on a VM, and who reaches it."""
    async with headless.engine(only(name), watch=True, record=False) as engine:
        require_health(engine, "vers")
        vm_id, _ = engine.vm_named(name)
        found = await engine.reach.ports(vm_id)
    if as_json:
        output.print_json([listener_object(one, found) for one in found.listeners])
        return ExitCode.DONE
    if not found.listeners:
        warn(our_text("cockpit: nothing listens on {}", name))
        return ExitCode.DONE
    head = ("PORT", "PROGRAM", "PID", "LISTENS ON", "IN PUBLIC")
    output.print_table(head, [_row(one, found) for one in found.listeners])
    for one in found.listeners:
        if said := advice(one, found):
            warn(our_text("cockpit: port {}: {}", one.port, said))
    return ExitCode.DONE


def _row(listener: ListeningPort, found: Ports) -> tuple[str, ...]:
    public = found.public(listener.port)
    reached = public if public and listener.from_outside else "not reached: IPv4" if public else "-"
    process = f"{listener.process_id}" if listener.process_id is not None else "-"
    return f"{listener.port}", listener.program or "-", process, ", ".join(listener.addresses), reached


def listener_object(listener: ListeningPort, found: Ports) -> dict[str, Any]:
    """Return a port for JSON."""
    return {
        "port": listener.port,
        "addresses": list(listener.addresses),
        "program": listener.program or None,
        "pid": listener.process_id,
        "ipv4_only": listener.ipv4_only,
        "bridged": listener.bridged,
        "public_url": found.public(listener.port) or None,
        "open_to_everybody": bool(found.public(listener.port)) and listener.from_outside,
        "advice": advice(listener, found) or None,
    }


async def forward(headless: Headless, name: str, port: int, local: int, as_json: bool) -> int:
    """Open a local address that leads to a port of a VM, and keep it until the verb is ended or the VM is gone."""
    async with headless.engine(only(name), watch=True, record=False) as engine:
        require_health(engine, "vers")
        vm_id, called = engine.vm_named(name)
        await _note_silence(engine, vm_id, port)
        await carry_out(engine, OpenForward(vm_id, port, local))
        row = _forward_of(engine, vm_id, port)
        if row is None:
            raise Refused(f"the forward to port {port} of {called} ended at once")
        if as_json:
            output.print_json({"local": row.address, "local_port": row.local, "port": port, "vm_id": vm_id})
        else:
            say(our_line("{} leads to port {} of {}; ctrl-c ends it", row.address, port, called))
        flush_output()
        await _watch(engine, row)
        raise Gone(f"the forward ended: {called} is gone")


async def _note_silence(engine: HeadlessPort, vm_id: VmId, port: int) -> None:
    """Say where nothing listens yet: the address is opened all the same, and each connection is tried anew."""
    found = await engine.reach.ports(vm_id)
    listener = next((one for one in found.listeners if one.port == port), None)
    if listener is None:
        warn(our_line("cockpit: nothing is seen to listen on port {} there yet", port))
    elif said := advice(listener, found):
        warn(our_text("cockpit: {}", said))


async def _watch(engine: HeadlessPort, row: PortForward) -> None:
    """Return when a forward is gone; say why nothing is carried and why connections are refused, each reason once."""
    trouble = hindrance = ""
    while (known := _forward_of(engine, row.vm, row.port)) is not None:
        if known.hindrance != hindrance:
            warn(our_text("cockpit: {}", known.hindrance or "it is heard again, and the forward goes on"))
        if known.trouble and known.trouble not in (trouble, known.hindrance):
            warn(our_text("cockpit: a connection was refused: {}", known.trouble))
        trouble, hindrance = known.trouble, known.hindrance

        def differs(seen: PortForward = known) -> bool:
            now = _forward_of(engine, row.vm, row.port)
            return now is None or (now.trouble, now.hindrance) != (seen.trouble, seen.hindrance)

        await engine.until(differs)


def _forward_of(engine: HeadlessPort, vm_id: VmId, port: int) -> PortForward | None:
    return next((one for one in engine.fleet.forwards if (one.vm, one.port) == (vm_id, port)), None)


async def bridge(
    headless: Headless, name: str, port: int, *, end: bool, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """Have a port that listens on IPv4 alone reached through the platform, by everybody; or take that away again."""
    async with headless.engine(only(name), watch=True, record=False) as engine:
        require_health(engine, "vers")
        vm_id, called = engine.vm_named(name)
        command = EndBridge(vm_id, port) if end else OpenBridge(vm_id, port)
        if refused := engine.disabled_reason(command):
            raise Refused(f"no bridge to port {port} of {called}: {refused}")
        found = await engine.reach.ports(vm_id)
        public = found.public(port)
        if not end and (dry_run or not yes):
            warn(our_line("{} opens port {} of {} to everybody then: nothing asks who they are.", public, port, called))
        if dry_run:
            return ExitCode.DONE
        if not end and not yes and not said_yes(f"open port {port} of {called} to everybody", ours("Open it?")):
            return ExitCode.FAILED
        await carry_out(engine, command)
        if as_json:
            output.print_json({"vm_id": vm_id, "port": port, "bridged": not end, "public_url": public or None})
        elif not end:
            say(our_line("{}", public))
    return ExitCode.DONE
