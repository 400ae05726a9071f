"""`cockpit serve`: the embedded fleet's server, in the background, in the foreground, or stopped."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from cockpit import config, paths
from cockpit.bootstrap.fleet import Places
from cockpit.cli.output import print_json
from cockpit.cli.rehearsal import would
from cockpit.errors import UsageError
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import ask, flush_output, input_is_terminal, say, warn

WALLS_VARIABLE = "COCKPIT_WALLS"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a whole fleet is ended."""

    yes: bool
    """Do not ask."""
    dry_run: bool
    """Say what would end, and end nothing."""


@dataclass(frozen=True, slots=True)
class Team:
    """How the services alone are served, as it was typed."""

    bind: str
    token_file: str | None
    certificate: str | None
    key: str | None
    self_signed: bool


def serve_team(root: str | None, cockpit_root: Path | None, how: Team, as_json: bool) -> int:
    """Serve the services alone until a signal ends it.

    Args:
        root: the directory of their data.
        cockpit_root: the directory given before the verb; theirs is in it.
        how: what else was typed.
        as_json: say where it listens as an object.

    Raises:
        UsageError: it would be open, or in the clear beyond this machine.
        ConfigError: a file, the directory or the port cannot be used.
    """
    from cockpit.embedded.team.address import bind_address
    from cockpit.embedded.team.serving import TeamServer, TeamServing

    fleet = (Places.under(cockpit_root) if cockpit_root else Places.standard()).fleet
    place = paths.absolute(root, "--root") if root is not None else fleet.with_name("services")
    files = {"--token-file": how.token_file, "--certificate": how.certificate, "--key": how.key}
    token, certificate, key = (None if file is None else paths.absolute(file, option) for option, file in files.items())
    settings = TeamServer(place, bind_address(how.bind), token, certificate, key, how.self_signed)
    with contextlib.ExitStack() as stack:
        serving = TeamServing(settings, stack)
        opened = serving.opened
        if as_json:
            known = {"fingerprint": opened.fingerprint or None, "certificate": str(opened.certificate or "") or None}
            print_json({"url": opened.url, "token_file": str(opened.token_file), "root": str(place), **known})
        else:
            say(our_line("serving the services at {}", opened.url))
            say(our_line("token: in {}", str(opened.token_file)))
            if opened.fingerprint:
                say(our_line("certificate: {}, SHA-256 {}", str(opened.certificate), opened.fingerprint))
            say(our_line("data: in {}", str(place)))
        # Whoever reads this through a pipe must not wait for the server's end.
        flush_output()
        serving.run()
    return 0


def serve(
    root: Path | None,
    cockpit_root: Path | None,
    *,
    stop: bool,
    end_fleet: Ending | None,
    foreground: bool,
    as_json: bool,
) -> int:
    """Start or stop the server, or end the whole fleet.

    Args:
        root: the fleet's own directory.
        cockpit_root: the directory given before the verb; the fleet is in it.
        stop: end the server, and nothing else.
        end_fleet: end everything, and how; None ends nothing.
        foreground: stay until the server ends.
        as_json: say what became of it as an object.
    """
    from cockpit.cli.inventory import inventory
    from cockpit.embedded.lifecycle import ensure_started
    from cockpit.embedded.lifecycle import stop as stop_server
    from cockpit.embedded.serve import run_foreground

    place = place_of(root, cockpit_root)
    if end_fleet is not None:
        return _end_fleet(place, end_fleet, as_json)
    if stop:
        ended = stop_server(place)
        warn(ours("stopped; agents go on") if ended else ours("no server was running"))
        if as_json:
            print_json({"stopped": ended})
        return 0
    if foreground:
        return run_foreground(place)
    endpoint = ensure_started(place)
    seen = inventory(place, endpoint)
    if as_json:
        print_json(seen.object())
        return 0
    for line in seen.lines():
        say(line)
    return 0


def choose_walls(root: Path | None, cockpit_root: Path | None, config_file: Path | None, wanted: str) -> None:
    """Have a server that this process starts do about walls what was typed, else the environment, else config.toml.

    Args:
        root: the fleet's own directory.
        cockpit_root: the directory given before the verb; the fleet is in it.
        config_file: the file that was named; None is the usual one.
        wanted: what was typed; empty if nothing.

    Raises:
        UsageError: a server runs, which goes on as it was started.
        ConfigError: config.toml is wrong.
    """
    from cockpit.embedded.endpoint import serving_pid

    if wanted and serving_pid(place_of(root, cockpit_root)) is not None:
        raise UsageError(
            "--walls is for a start, and a server runs already", hint="cockpit serve --stop first; agents go on"
        )
    chosen = wanted or os.environ.get(WALLS_VARIABLE) or config.load(config_file).embedded.walls
    if chosen:
        os.environ[WALLS_VARIABLE] = chosen


def write_access(root: Path | None, cockpit_root: Path | None, *, ssh: bool, owner: str, as_json: bool) -> int:
    """Write a file by which foreign programs use the fleet, and print its path: what is in it is printed nowhere.

    Args:
        root: the fleet's own directory.
        cockpit_root: the directory given before the verb; the fleet is in it.
        ssh: OpenSSH's configuration instead of the variables.
        owner: whose variables, an owner that is made if it is new; empty for the fleet's first.
        as_json: print an object.

    Raises:
        ConfigError: it cannot be written.
    """
    from cockpit.embedded.access import files
    from cockpit.embedded.lifecycle import ensure_started
    from cockpit.embedded.owners import ensure_owner

    place = place_of(root, cockpit_root)
    endpoint = ensure_started(place)
    whose = ensure_owner(place, owner) if owner else place
    if ssh:
        file = files.write_ssh_configuration(place, Path(endpoint.ca_file), endpoint.ssh_host, endpoint.ssh_port)
    else:
        file = files.write_environment(whose, endpoint)
    if as_json:
        print_json({"file": str(file)} | ({} if ssh else {"variables": sorted(files.variables(whose, endpoint))}))
    else:
        say(our_line("{}", str(file)))
    return 0


def place_of(root: Path | None, cockpit_root: Path | None) -> Path:
    """Return the fleet's directory: the one that was given, else that of the cockpit's."""
    return root or (Places.under(cockpit_root) if cockpit_root else Places.standard()).fleet


def _end_fleet(place: Path, how: Ending, as_json: bool) -> int:
    """End everything that runs in a fleet, after naming it; its files stay."""
    from cockpit.embedded.lifecycle import end_fleet, running_in

    going = running_in(place)
    if not going.server and not going.processes:
        warn(our_text("nothing runs in {}", str(place)))
        if as_json:
            print_json({"ended": False, "processes": {}})
        return 0
    for name, count in going.processes.items():
        warn(our_line("  VM {}: {}", name, _count(count, "process", "processes")))
    what = f"the embedded fleet in {place}: everything on {_count(len(going.processes), 'VM')}, and the server"
    if how.dry_run:
        return would(our_line("end {}", what), as_json, {"processes": dict(going.processes)})
    if not how.yes and not input_is_terminal():
        raise UsageError(f"this would end {what}", hint="add --yes to do it without a terminal")
    if not how.yes:
        warn(our_text("This ends {}. What its agents have not written to disk is lost; the files stay.", what))
        if ask(ours("Type end to go on: ")) != "end":
            return 1
    end_fleet(place)
    warn(
        our_text(
            "ended; the disks of its VMs, its commits and its records stay in {}: the next start finds them", str(place)
        )
    )
    if as_json:
        print_json({"ended": True, "processes": dict(going.processes)})
    return 0


def _count(number: int, one: str, several: str = "") -> str:
    return f"1 {one}" if number == 1 else f"{number} {several or one + 's'}"
