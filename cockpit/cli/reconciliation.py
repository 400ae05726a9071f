"""Verbs that say what does not fit: VMs nobody has, and all else that VM list, registry and VMs disagree about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, require_health, say_missing
from cockpit.cli.lists import LISTS_OF_AGENTS, SETTLE_LIMIT, say_unreached
from cockpit.engine.port import HeadlessPort
from cockpit.model.reconciliation import Finding, FindingKind, findings_of
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

LOOK_LIMIT = 25.0
"""Seconds for a look at all the VMs that nobody has."""

ORPHANS = (FindingKind.PERHAPS_OURS, FindingKind.UNCLAIMED)


async def orphans(headless: Headless, as_json: bool) -> int:
    """List the VMs that no agent has; to find none is no failure."""
    async with headless.engine(nobody) as engine:
        require_health(engine, "vers")
        await engine.lookout.look_around(LOOK_LIMIT)
        found = [finding for finding in findings_of(engine.fleet, engine.now()) if finding.kind in ORPHANS]
        _print(found, as_json, "every VM has an agent, or serves the fleet")
        missing = say_missing(engine, *LISTS_OF_AGENTS)
        missing = _say_unseen(engine, found) or missing
    return ExitCode.PARTIAL if missing else ExitCode.DONE


async def reconcile(headless: Headless, check: bool, as_json: bool) -> int:
    """Say everything that does not fit; nothing is changed.

    Args:
        check: end as failed if anything was found.
    """
    async with headless.engine(record=False) as engine:
        require_health(engine, "vers")
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        await engine.lookout.look_around(LOOK_LIMIT)
        found = list(findings_of(engine.fleet, engine.now()))
        _print(found, as_json, "everything fits")
        missing = say_missing(engine, *LISTS_OF_AGENTS)
        missing = _say_unseen(engine, found) or missing
        missing = say_unreached(engine) or missing
    if check and any(finding.kind is not FindingKind.KEPT for finding in found):
        return ExitCode.FAILED
    return ExitCode.PARTIAL if missing else ExitCode.DONE


def finding_object(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON."""
    return {
        "kind": finding.kind.value,
        "vm_id": finding.vm,
        "name": finding.called,
        "agent": finding.agent,
        "directory": finding.directory or None,
        "since": finding.since or None,
        "evidence": list(finding.evidence),
        "suggestion": finding.suggestion.value or None,
        "command": finding.command or None,
    }


def _print(found: Sequence[Finding], as_json: bool, nothing: str) -> None:
    if as_json:
        output.print_json([finding_object(finding) for finding in found])
        return
    for finding in found:
        name = f" {finding.called}" if finding.called != finding.vm else ""
        say(our_line("{}:{} VM {}", finding.kind.value, name, finding.vm))
        for sentence in finding.evidence:
            say(our_line("  {}", sentence))
        if finding.command:
            say(our_line("  suggested: {}", finding.command))
    if not found:
        warn(our_text("cockpit: {}", nothing))


def _say_unseen(engine: HeadlessPort, found: Sequence[Finding]) -> bool:
    """Say which VMs nobody could look at: what lives on them is unknown."""
    troubles = {look.vm: look.trouble for look in engine.fleet.looks if look.trouble}
    unseen = [finding for finding in found if finding.vm in troubles]
    for finding in unseen:
        warn(our_text("cockpit: VM {} cannot be looked at: {}", finding.vm, troubles[finding.vm]))
    return bool(unseen)
