"""The work of the verbs about VMs on the platform's side: make, label, let a disk grow; the variables of all."""

from __future__ import annotations

from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, operation_of
from cockpit.cli.headless import Headless, nobody, only, require_health
from cockpit.cli.output import print_json, print_table, vm_object
from cockpit.cli.rehearsal import rehearse, would
from cockpit.errors import Refused, UsageError
from cockpit.model.health import VM_LIST
from cockpit.model.ids import VmId
from cockpit.model.platform import NewVm, Resize, SetLabels, SetVariables
from cockpit.model.size import parse_disk
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say, warn

READABLE = ours(
    "Every VM that starts gets them in /etc/environment, where everybody on it can read them; they go into commits."
)
MAKING_STEP = "make"
"""How the step begins that names the new VMs."""


def pairs_of(words: list[str]) -> tuple[tuple[str, str], ...]:
    """Return `NAME=VALUE` words as pairs.

    Raises:
        UsageError: one of them is none.
    """
    found = []
    for word in words:
        name, mark, value = word.partition("=")
        if not mark or not name:
            raise UsageError(f"{word!r} is no NAME=VALUE", hint="write it as role=worker")
        found.append((name, value))
    return tuple(found)


async def new(headless: Headless, command: NewVm, dry_run: bool, as_json: bool) -> int:
    """Make VMs and print their ids."""
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, VM_LIST)
        if refused := engine.disabled_reason(command):
            raise UsageError(f"cannot make a VM: {refused}")
        if dry_run:
            what = our_line("make {} VM of {}", command.count, command.origin or "the platform's image")
            return would(what, as_json, {"count": command.count})
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        steps = operation.steps if operation is not None else ()
        made = next((step.detail.split(", ") for step in steps if step.name.startswith(MAKING_STEP)), [])
        if as_json:
            await engine.platform.learn()
            vms = [engine.fleet.vm(VmId(vm_id)) for vm_id in made]
            print_json([vm_object(vm, engine.fleet) for vm in vms if vm is not None])
        else:
            for vm_id in made:
                say(our_line("{}", vm_id))
    return ExitCode.DONE


async def label(
    headless: Headless,
    name: str,
    labels: tuple[tuple[str, str], ...],
    removed: tuple[str, ...],
    *,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Change the labels of a VM, if any change is asked for, and print those it has."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        vm_id, called = engine.vm_named(name)
        vm = engine.fleet.vm(vm_id)
        if labels or removed or replace:
            command = SetLabels(vm_id, labels, removed, replace)
            if refused := engine.disabled_reason(command):
                raise Refused(f"cannot label {called}: {refused}")
            if dry_run:
                words = [*(f"{key}={value}" for key, value in labels), *(f"-{key}" for key in removed)]
                what = our_line("label {}: {}", called, " ".join(words) or "no label stays")
                return rehearse(engine, command, what, as_json, {"vm_id": vm_id, "replace": replace})
            await carry_out(engine, command)
        found = await engine.platform.labels(vm_id, vm.source if vm is not None else "")
        if as_json:
            print_json({"vm_id": vm_id, "labels": found})
        else:
            print_table(("LABEL", "VALUE"), sorted(found.items()))
    return ExitCode.DONE


async def size(headless: Headless, name: str, disk: str, dry_run: bool, as_json: bool) -> int:
    """Let a VM's disk grow, if it is asked for, and print what size the VM has."""
    # Whether a disk's file system grew with it is seen over the link to its agent alone.
    async with headless.engine(only(name) if disk and not dry_run else nobody) as engine:
        require_health(engine, VM_LIST)
        vm_id, called = engine.vm_named(name)
        await engine.platform.learn()
        if disk:
            wanted = parse_disk(disk)
            if wanted is None:
                raise UsageError(f"{disk!r} is no size of a disk", hint="write it in MiB, or as 20G")
            command = Resize(vm_id, wanted)
            if refused := engine.disabled_reason(command):
                raise Refused(f"cannot resize {called}: {refused}")
            if dry_run:
                what = our_line("let the disk of {} grow to {} MiB; it is paused for it", called, wanted)
                return would(what, as_json, {"vm_id": vm_id, "disk_mib": wanted})
            await carry_out(engine, command)
        vm = engine.fleet.vm(vm_id)
        if vm is None:
            raise Refused(f"the size of {called} is not known: its VM is on no list")
        if as_json:
            print_json(vm_object(vm, engine.fleet))
        else:
            say(our_line("{}: {} (processors/MiB of memory/MiB of disk)", called, vm.size.text))
    return ExitCode.DONE


async def variables(headless: Headless, command: SetVariables, dry_run: bool, as_json: bool) -> int:
    """Change the account's variables, if any change is asked for; print their names, and with JSON their values."""
    changes = bool(command.variables or command.removed or command.replace)
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        if changes and (refused := engine.disabled_reason(command)):
            raise Refused(f"cannot change the variables: {refused}")
        if changes and dry_run:
            names = [*(name for name, _ in command.variables), *(f"-{name}" for name in command.removed)]
            return would(our_line("change {}", " ".join(names) or "all variables: none would stay"), as_json)
        if changes:
            warn(READABLE)
            await carry_out(engine, command)
        found = await engine.platform.variables()
    if as_json:
        print_json(found)
    else:
        print_table(("VARIABLE", "CHARACTERS"), [(name, f"{len(value)}") for name, value in sorted(found.items())])
    return ExitCode.DONE
