"""Taking the operator's own configuration along to a VM: twice is as once, and what fails is said and stops nothing."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from cockpit.agents.adapter import Program
from cockpit.agents.configuration import Configuration
from cockpit.agents.scaffold.answers import ScriptAnswer
from cockpit.agents.scaffold.scripts import BEGIN, END, assign
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, TimedOut
from cockpit.model.commands.life import Spawn

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

READ_LIMIT = 60.0
"""Seconds that reading and packing it here may take."""

LIMIT = 180.0
"""Seconds for all of it on the VM."""

PACKAGE_LIMIT = 90
"""Seconds for the installation of one package."""

SHOWN = 5
"""Files that are named of those that stay here."""

SYNCHRONISE = r"""
say() { printf '%s=%s\n' "$1" "$2"; }
finish() { printf '%s\n' "$end"; exit 0; }
umask 077
cd "$HOME" || exit 1
mark=.swarm/configuration
if [ "$(cat "$mark" 2>/dev/null)" = "$digest" ]; then
    cat >/dev/null
    say state present
else
    if ! problem=$(tar -xf - 2>&1); then
        say problem "$(printf '%s' "$problem" | tail -n 1)"
        finish
    fi
    mkdir -p .swarm
    say state written
fi
whole=1
within() { if command -v timeout >/dev/null 2>&1; then timeout "$package_limit" "$@"; else "$@"; fi; }
for package in @PACKAGES@; do
    [ ! -d "$package/node_modules" ] || continue
    if ! command -v npm >/dev/null 2>&1; then
        say failed "$package: npm is not there"
        whole=0
    elif ! said=$(cd "$package" && within npm install --omit=dev --no-audit --no-fund </dev/null 2>&1); then
        say "failed_$package" "$package: $(printf '%s' "$said" | tail -n 1)"
        whole=0
    fi
done
[ "$whole" = 0 ] || printf '%s' "$digest" >"$mark"
finish
"""


def synchronise_script(configuration: Configuration) -> str:
    """Return the script that takes an archive from standard input and installs its packages."""
    packages = " ".join(shlex.quote(package) for package in configuration.packages)
    settings = assign(end=END, digest=configuration.digest, package_limit=str(PACKAGE_LIMIT))
    return f"printf '\\n%s\\n' {BEGIN}\n" + settings + SYNCHRONISE.replace("@PACKAGES@", packages)


async def synchronise(
    fleet_state: FleetState, connection: Connection, spawn: Spawn, program: Program, progress: OperationProgress
) -> None:
    """Take the operator's configuration along, where the command says so."""
    if not spawn.sync:
        return
    with progress.step("sync configuration"):
        if program.configuration is None:
            progress.detail(f"{program.name} has none")
            return
        said: list[str] = []
        try:
            configuration, script, archive = await _packed(program.configuration, spawn.sync_named)
            said.append(_left_out(configuration))
            done = await connection.run(script, stdin=archive, timeout=LIMIT)
            answer = ScriptAnswer.read(done.stdout)
            if done.exit_code != 0 or answer is None:
                raise CockpitError(
                    f"it ended with code {done.exit_code}: {done.stderr.decode(errors='replace')[-200:]}"
                )
            state = answer.value("state")
            said.insert(0, f"{len(configuration.files)} files {state}" if state else "nothing was written")
            problems = [value for key, value in answer.values.items() if key == "problem" or key.startswith("failed")]
        except CockpitError as error:
            problems = [describe(error)]
        said += [f"failed: {problem}" for problem in problems]
        progress.detail(" · ".join(word for word in said if word))
        if problems:
            fleet_state.notice(f"the configuration of {spawn.name} is not all there: {'; '.join(problems)}")


async def _packed(
    read: Callable[[Collection[str]], Configuration], named: Collection[str]
) -> tuple[Configuration, str, bytes]:
    """Read a configuration, and make its script and its archive: megabytes, and files that may lie on a dead disk.

    Raises:
        TimedOut: it took longer than `READ_LIMIT`.
    """

    def packed() -> tuple[Configuration, str, bytes]:
        configuration = read(named)
        return configuration, synchronise_script(configuration), configuration.archive()

    try:
        async with asyncio.timeout(READ_LIMIT):
            return await asyncio.to_thread(packed)
    except TimeoutError:
        raise TimedOut(
            f"the configuration here could not be read within {READ_LIMIT:.0f} s", hint="spawn without --sync"
        ) from None


def _left_out(configuration: Configuration) -> str:
    named = [f"{path} ({why})" for path, why in configuration.left_out]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"left out: {', '.join(named[:SHOWN])}{more}" if named else ""
