"""The work of the verb that makes the VM of board, feed and registry."""

from __future__ import annotations

import asyncio

from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, operation_of
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.output import print_json
from cockpit.cli.rehearsal import would
from cockpit.errors import Refused, UsageError
from cockpit.model.platform import INFRA_STEPS, MakeInfra, infra_steps
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

VM_STEP, REACH_STEP, KEEP_STEP = INFRA_STEPS[0], INFRA_STEPS[-3], INFRA_STEPS[-1]
"""The steps that say the VM's id, the address, and where it was written."""


async def infra(headless: Headless, command: MakeInfra, dry_run: bool, as_json: bool) -> int:
    """Make the VM, or go on with the one that was left; services that are there are no failure."""
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        refused = engine.refusal(command)
        if refused is not None and refused.code is RefusalCode.ALREADY:
            hint = "to make others, unset VERS_INFRA_URL"
            warn(our_text("cockpit: {}; {}", refused.sentence, hint))
            if as_json:
                print_json({"made": False, "reason": refused.sentence})
            return ExitCode.DONE
        if refused is not None and refused.code is RefusalCode.BAD_SIZE:
            raise UsageError(f"cannot make the VM of the services: {refused.sentence}")
        if refused is not None:
            raise Refused(
                f"cannot make a VM for the services: {refused.sentence}", hint="it is for real VMs: see whoami"
            )
        if dry_run:
            wanted = infra_steps(command.server)
            lines = "\n  ".join(wanted)
            what = our_text("make a VM for board, feed and registry, or go on with what was left:\n  {}", lines)
            return would(what, as_json, {"server": command.server.value, "steps": list(wanted)})
        try:
            receipt = await carry_out(engine, command)
        except asyncio.CancelledError:
            warn(ours("cockpit: what was begun stays as it is; `cockpit infra` goes on there"))
            raise
        operation = operation_of(engine, receipt)
        steps = operation.steps if operation is not None else ()
        said = {step.name: step.detail for step in steps}
        vm_id, url = said.get(VM_STEP, "").partition(",")[0], said.get(REACH_STEP, "")
        if as_json:
            timed = [
                {"name": step.name, "detail": step.detail, "seconds": round((step.ended_at or 0) - step.started_at, 3)}
                for step in steps
            ]
            print_json({"made": True, "vm_id": vm_id, "url": url, "written": said.get(KEEP_STEP, ""), "steps": timed})
        else:
            say(our_line("{} {}", vm_id, url))
    return ExitCode.DONE
