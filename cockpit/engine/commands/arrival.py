"""Before an agent is prepared on a VM: host keys of its own for a copy, the bootstrap for a bare one."""

from __future__ import annotations

import json
import logging
from typing import Protocol

from cockpit.agents.adapter import Program
from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.answers import Facts, parse_facts
from cockpit.agents.scaffold.scripts import facts_script
from cockpit.engine.images.builder import IMAGE_FILE
from cockpit.engine.images.steps import StepPlace, bring_about
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.errors import CockpitError, Refused
from cockpit.model.ids import VmId
from cockpit.remote.ssh.trust import HostKeyStore

log = logging.getLogger(__name__)

FACTS_LIMIT = 60.0
KEYS_LIMIT = 60.0
"""Seconds a look at the VM's programs, and the making of host keys, may take."""

HOST_KEYS = """
[ -x /usr/local/sbin/renew-host-keys ] || exit 0
/usr/local/sbin/renew-host-keys >&2 || exit 1
cat /etc/ssh/ssh_host_*_key.pub
"""
"""Makes the keys anew if they are another VM's, as the recipe of our images does it, and says which there are."""


class KeyTrust(HostKeyStore, Protocol):
    """Remembers host keys, and can forget them."""

    def distrust(self, identity: str) -> None:
        """Forget the keys of an identity."""


async def bootstrap(
    source: Source, program: Program, vm: StepPlace, vm_id: VmId, first_path: str, progress: OperationProgress
) -> Facts | None:
    """Bring about what an agent needs on a VM that lacks it; one that has it is left alone.

    Returns:
        What the VM has, where nothing was done: it need not be asked again.

    Raises:
        CockpitError: a step of the recipe failed, or the VM cannot be reached.
    """
    if source.shares_host or source.recipe is None:
        return None
    with progress.step("look for what it needs"):
        done = await vm.run(facts_script(program.command, first_path), timeout=FACTS_LIMIT)
        facts = parse_facts(done.exit_code, done.stdout, done.stderr, place=source.place_words(vm_id))
        lacking = _lacking(program, facts, source.place_words(vm_id))
        progress.detail(lacking or "present")
    if not lacking:
        return facts
    for step in source.recipe().steps:
        if step.bootstrap:
            with progress.step(f"bootstrap: {step.name}"):
                result = await bring_about(step, vm, shares_host=False, again=False, tell=progress.detail)
                progress.detail(result.words)
    return None


async def image_words(vm: StepPlace) -> str:
    """Say which image a VM has by its own note, written when the image was built; empty text if it has none."""
    done = await vm.run('head -c 4000 "$HOME/$1" 2>/dev/null', IMAGE_FILE, timeout=FACTS_LIMIT)
    try:
        note = json.loads(done.stdout)
        return f"image {note['name']}, number {int(note['number'])}, by recipe {note['recipe']}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _lacking(program: Program, facts: Facts, place: str) -> str:
    missing = adapter_of(program.name).missing_reason(program, facts, place)
    return missing or ("" if "tmux" in facts.programs else f"tmux is not on {place}")


async def own_host_keys(
    source: Source, trusted: KeyTrust, vm: StepPlace, vm_id: VmId, progress: OperationProgress
) -> None:
    """Have a copied VM make host keys of its own, and trust those: they are told over the link that is trusted.

    A VM whose image has no such script keeps its parent's keys, which is said.
    """
    if source.shares_host:
        return
    identity = source.endpoint(vm_id).identity
    with progress.step("host keys of its own"):
        try:
            done = await vm.run(HOST_KEYS, timeout=KEYS_LIMIT)
            if done.exit_code != 0:
                raise Refused(done.stderr.decode("utf-8", "backslashreplace").strip() or "no answer")
            shown = [" ".join(line.split()[:2]) for line in done.stdout.decode("ascii", "replace").splitlines()]
            keys = [key for key in shown if key.startswith(("ssh-", "ecdsa-")) and " " in key]
            if not keys:
                progress.detail("its image does not make them: they are those of every copy")
            elif set(trusted.known(identity)) <= set(keys):
                progress.detail("it has them")
            else:
                trusted.distrust(identity)
                for key in keys:
                    trusted.trust(identity, key)
                progress.detail("made anew, and trusted")
        except CockpitError as error:
            # An agent works with its parent's keys, too.
            log.warning("VM %s has no host keys of its own: %s", vm_id, error)
            progress.detail(f"not made: {error.message}")
