"""Files that other tools write, too: nothing of theirs is lost, whenever they write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.agents.lieutenants_file import StateFileBroken, with_entry, without_entry
from cockpit.engine import foreign_files
from cockpit.engine.foreign_files import StateFiles
from cockpit.errors import CockpitError, Undecided

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = "bbbbbbbb-0000-4000-8000-000000000002"
AT = "2026-02-13T10:00:00.000Z"


def entry(vm_id: str, name: str) -> dict[str, Any]:
    """Return an entry."""
    return {"name": name, "vmId": vm_id, "isLocal": False}


def file_with(path: Path, *entries: dict[str, Any]) -> str:
    """Write a file as the other tool does: in place."""
    text = json.dumps({"lieutenants": list(entries), "savedAt": AT})
    path.write_text(text)
    return text


def names(path: Path) -> list[str]:
    """Return who is in a file."""
    return [found["name"] for found in json.loads(path.read_text())["lieutenants"]]


def test_claims_are_read_again_only_when_the_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    files = StateFiles((path,), tmp_path)
    assert files.claims() == ((), ())
    file_with(path, entry(ADA.upper(), "ada"), entry("local-x", "x") | {"isLocal": True})
    (claim,), troubles = files.claims()
    assert (claim.vm, claim.name, claim.where, claim.kind, troubles) == (ADA, "ada", "~/l.json", "lieutenant", ())
    path.write_text('{"lieutenants": [{"na')
    claims, (trouble,) = files.claims()
    assert claims == () and trouble.startswith("~/l.json cannot be read")


def test_a_change_keeps_the_mode_and_follows_a_link(tmp_path: Path) -> None:
    real, path = tmp_path / "real.json", tmp_path / "l.json"
    file_with(real, entry(ADA, "ada"))
    real.chmod(0o640)
    path.symlink_to(real)
    files = StateFiles((path,), tmp_path)
    assert files.change(path, lambda text: with_entry(text, entry(BOB, "bob"), AT))
    assert path.is_symlink() and names(real) == ["ada", "bob"] and real.stat().st_mode & 0o777 == 0o640
    assert not files.change(path, lambda text: without_entry(text, "nobody", AT))
    assert sorted(left.name for left in tmp_path.iterdir()) == ["l.json", "real.json"], "nothing is left behind"


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "l.json"
    assert StateFiles((path,)).change(path, lambda text: with_entry(text, entry(ADA, "ada"), AT))
    assert names(path) == ["ada"] and path.stat().st_mode & 0o777 == 0o600


def test_who_wrote_between_reading_and_writing_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    file_with(path, entry(ADA, "ada"))
    calls = []

    def edit(text: str) -> str:
        calls.append(text)
        if len(calls) == 1:
            file_with(path, entry(ADA, "ada"), entry("cccccccc", "cyn"))
        return with_entry(text, entry(BOB, "bob"), AT)

    assert StateFiles((path,)).change(path, edit)
    assert len(calls) == 2 and names(path) == ["ada", "cyn", "bob"]


def test_who_had_the_old_file_open_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.json"
    file_with(path, entry(ADA, "ada"))
    theirs = path.open("r+")
    late = iter([json.dumps({"lieutenants": [entry("cccccccc", "cyn")], "savedAt": AT})])
    replace = Path.replace

    def replaced_under_a_writer(self: Path, target: Path) -> Path:
        done = replace(self, target)
        for text in late:
            theirs.truncate(0)
            theirs.write(text)
            theirs.flush()
        return done

    monkeypatch.setattr(Path, "replace", replaced_under_a_writer)
    with theirs:
        assert StateFiles((path,)).change(path, lambda text: with_entry(text, entry(BOB, "bob"), AT))
    assert names(path) == ["cyn", "bob"]


def test_a_file_that_is_never_still_is_not_fought_over(tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    file_with(path)
    count = iter(range(99))

    def edit(text: str) -> str:
        file_with(path, entry(f"{next(count)}", "theirs"))
        return with_entry(text, entry(BOB, "bob"), AT)

    with pytest.raises(Undecided, match="8 times"):
        StateFiles((path,)).change(path, edit)
    assert names(path) == ["theirs"]


def test_a_broken_file_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.json"
    path.write_bytes(b'{"lieutenants": [\xff')
    with pytest.raises(StateFileBroken, match="left as it is"):
        StateFiles((path,)).change(path, lambda text: with_entry(text, entry(ADA, "ada"), AT))
    assert path.read_bytes() == b'{"lieutenants": [\xff'
    monkeypatch.setattr(foreign_files, "MOST_BYTES", 3)
    with pytest.raises(CockpitError, match="more than 3 bytes"):
        StateFiles((path,)).change(path, lambda text: text)
