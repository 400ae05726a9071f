"""`cockpit serve`: the embedded fleet's server, in the background, in the foreground, or stopped."""

from __future__ import annotations

from pathlib import Path

from cockpit.bootstrap.fleet import Places
from cockpit.text.streams import say, warn


def serve(root: Path | None, cockpit_root: Path | None, *, stop: bool, foreground: bool) -> int:
    """Start or stop the server.

    Args:
        root: the fleet's own directory.
        cockpit_root: the directory given before the verb; the fleet is in it.
    """
    from cockpit.embedded.lifecycle import ensure_started
    from cockpit.embedded.lifecycle import stop as stop_server
    from cockpit.embedded.serve import run_foreground

    place = root or (Places.under(cockpit_root) if cockpit_root else Places.standard()).fleet
    if stop:
        ended = stop_server(place)
        warn("stopped; agents go on" if ended else "no server was running")
        return 0
    if foreground:
        return run_foreground(place)
    endpoint = ensure_started(place)
    say(f"serving at {endpoint.base_url}, SSH at {endpoint.ssh_host}:{endpoint.ssh_port} (pid {endpoint.pid})")
    return 0
