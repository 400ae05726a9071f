"""`cockpit services export` and `import`: the services' data as one file."""

from __future__ import annotations

from pathlib import Path

from cockpit import paths
from cockpit.bootstrap.fleet import Places
from cockpit.cli.output import print_json
from cockpit.cli.rehearsal import would
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


def place_of(root: str | None, cockpit_root: Path | None, team: bool) -> Path:
    """Return the directory that holds the services' data.

    Args:
        root: the directory as it was typed.
        cockpit_root: the directory given before the verb.
        team: those that `serve --services-only` serves, rather than the embedded fleet's.
    """
    if root is not None:
        return paths.absolute(root, "--root")
    fleet = (Places.under(cockpit_root) if cockpit_root else Places.standard()).fleet
    return fleet.with_name("services") if team else fleet


def export_data(place: Path, file: Path, *, replace: bool, dry_run: bool, as_json: bool) -> int:
    """Write the data of a directory into a file."""
    from cockpit.embedded.interchange import export_services

    done = export_services(place, file, replace=replace, dry_run=dry_run)
    if dry_run:
        what = our_line("write {} documents of {} into {}", done.total, str(place), str(file))
        return would(what, as_json, {"documents": done.documents})
    return _say(place, file, done.documents, done.total, as_json)


def import_data(place: Path, file: Path, *, replace: bool, dry_run: bool, as_json: bool) -> int:
    """Put the data of a file into a directory."""
    from cockpit.embedded.interchange import import_services

    done = import_services(place, file, replace=replace, dry_run=dry_run)
    if dry_run:
        what = our_line("put {} documents of {} into {}", done.total, str(file), str(place))
        return would(what, as_json, {"documents": done.documents})
    return _say(place, file, done.documents, done.total, as_json)


def _say(place: Path, file: Path, documents: dict[str, int], total: int, as_json: bool) -> int:
    if as_json:
        print_json({"root": str(place), "file": str(file), "documents": documents})
        return 0
    for table, count in documents.items():
        say(our_line("{}: {}", table, count))
    warn(our_text("{} documents of {}, in {}", total, str(place), str(file)))
    return 0
