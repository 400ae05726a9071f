"""What a VM needs before an agent is started on it: the program, and the files that the program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.agents.adapter import Program
from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.answers import Facts, ProbeResult, parse_facts
from cockpit.agents.scaffold.scripts import facts_script
from cockpit.engine.commands.launch_record import check_unchanged, first_path
from cockpit.engine.source import Source
from cockpit.errors import NotFound, Refused
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import VmId

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

SCRIPT_LIMIT = 60.0
"""Seconds one script gets."""


async def prepare(
    connection: Connection,
    spawn: Spawn,
    program: Program,
    vm_id: VmId,
    source: Source,
    known: ProbeResult | None = None,
    facts: Facts | None = None,
) -> Facts:
    """Look for what the agent needs, and write its files.

    Args:
        connection: to the VM.
        spawn: what is to be started.
        program: its program.
        vm_id: for what is said of a failure.
        source: whose VM it is.
        known: what its first start wrote down, where that counts.
        facts: what the VM has, where it was asked already; asked again where its first start counts.

    Raises:
        NotFound: something is not there.
        Refused: the program is not the one it was; or the files cannot be written.
    """
    if facts is None or known is not None:
        done = await connection.run(facts_script(program.command, first_path(program, known)), timeout=SCRIPT_LIMIT)
        facts = parse_facts(done.exit_code, done.stdout, done.stderr, place=source.place_words(vm_id))
    check_unchanged(spawn.name, program, facts, known)
    if why := adapter_of(program.name).missing_reason(program, facts, source.place_words(vm_id)):
        raise NotFound(why, hint=f"spawn from a golden image that has {program.name}, or another program")
    if "tmux" not in facts.programs and not source.allow_detached:
        raise NotFound(f"tmux is not on {source.place_words(vm_id)}", hint="spawn from a golden image that has tmux")
    files = program.files
    directories = sorted({f"{facts.home}/{path}".rpartition("/")[0] for path, _ in files})
    made = await connection.run('mkdir -p -m 700 -- "$@"', f"{facts.home}/.swarm", *directories, timeout=SCRIPT_LIMIT)
    if made.exit_status != 0:
        raise Refused(
            f"{source.place_words(vm_id)}: cannot make {', '.join(directories)}: {made.stderr.decode(errors='replace')}"
        )
    for path, content in files:
        await connection.write_file(f"{facts.home}/{path}", content, mode=0o600)
    return facts
