"""The services' data as a file, and records that are damaged."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cockpit.cli.declared import loading
from cockpit.cli.declared.application import application
from cockpit.embedded.api.damage import open_records
from cockpit.embedded.api.records import DamagedRecords, Records
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.tables import SERVICE_TABLES
from cockpit.embedded.endpoint import held_lock, lock_file
from cockpit.embedded.interchange import export_services, import_services
from cockpit.errors import ConfigError, Refused


def filled(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Make a directory with a document of each kind, odd ones included; return what it holds."""
    root.mkdir()
    records = Records(root / "records.sqlite")
    for table, key in SERVICE_TABLES.items():
        for name in ("one", "half \ud83d", "é"):
            document = {key: name, "text": "half \udc00\x00 ☃", "deep": [{"x": None}], "number": 1.5}
            records.database.execute(
                f"INSERT INTO {table} (id, document) VALUES (?, ?)",
                (name.encode("utf-8", "replace").decode(), json.dumps(document)),
            )
    records.close()
    return held(root)


def held(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what a directory holds, read past the product."""
    with sqlite3.connect(root / "records.sqlite") as database:
        found = {
            table: [json.loads(row[0]) for row in database.execute(f"SELECT document FROM {table} ORDER BY seq")]
            for table in SERVICE_TABLES
        }
    database.close()
    return found


def test_what_was_exported_is_imported(tmp_path: Path) -> None:
    before = filled(tmp_path / "a")
    file = tmp_path / "export.json"
    done = export_services(tmp_path / "a", file, replace=False, dry_run=False)
    assert done.total == 3 * len(SERVICE_TABLES) and file.stat().st_mode & 0o077 == 0
    assert import_services(tmp_path / "b", file, replace=False, dry_run=True) == done
    assert not (tmp_path / "b").exists()
    assert import_services(tmp_path / "b", file, replace=False, dry_run=False) == done
    assert held(tmp_path / "b") == before
    with pytest.raises(Refused, match="there already"):
        export_services(tmp_path / "a", file, replace=False, dry_run=False)
    with pytest.raises(Refused, match="hold"):
        import_services(tmp_path / "b", file, replace=False, dry_run=False)
    assert import_services(tmp_path / "b", file, replace=True, dry_run=False) == done
    assert held(tmp_path / "b") == before


def changed(**fields: Any) -> Any:
    """Return what changes fields of an export."""
    return lambda written: written | fields


def without_names(written: dict[str, Any]) -> dict[str, Any]:
    """Take the name of a document away."""
    written["services"]["tasks"][0].pop("id")
    return written


def with_another_word(written: dict[str, Any]) -> dict[str, Any]:
    """Change a document."""
    written["services"]["tasks"][0]["text"] = "another"
    return written


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (changed(version=2, written_by="9.9"), "9.9"),
        (changed(version=True), "no version"),
        (changed(version="1"), "no version"),
        (changed(format="x"), "no export"),
        (changed(services={"vms": []}), "tables"),
        (changed(services=[]), "tables"),
        (changed(services={"tasks": [1]}), "no list"),
        (without_names, "names"),
        (with_another_word, "digest"),
        (changed(sha256=""), "digest"),
    ],
)
def test_a_file_that_is_none_of_ours_changes_nothing(tmp_path: Path, change: Any, why: str) -> None:
    before = filled(tmp_path / "a")
    file = tmp_path / "export.json"
    export_services(tmp_path / "a", file, replace=False, dry_run=False)
    file.write_text(json.dumps(change(json.loads(file.read_text()))), encoding="utf-8")
    with pytest.raises(ConfigError, match=why):
        import_services(tmp_path / "a", file, replace=True, dry_run=False)
    assert held(tmp_path / "a") == before


def test_a_file_that_is_cut_off_and_a_directory_that_is_served_are_refused(tmp_path: Path) -> None:
    before = filled(tmp_path / "a")
    file = tmp_path / "export.json"
    export_services(tmp_path / "a", file, replace=False, dry_run=False)
    with held_lock(lock_file(tmp_path / "a")), pytest.raises(Refused, match="served"):
        import_services(tmp_path / "a", file, replace=True, dry_run=False)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ConfigError, match="cut off"):
        import_services(tmp_path / "a", file, replace=True, dry_run=False)
    assert held(tmp_path / "a") == before


def test_the_verbs_say_what_they_did(tmp_path: Path) -> None:
    filled(tmp_path / "a")
    file, run = str(tmp_path / "export.json"), CliRunner().invoke
    loading.declare(["services"])
    said = run(application, ["services", "export", file, "--root", str(tmp_path / "a"), "--json"])
    assert said.exit_code == 0 and json.loads(said.output)["documents"]["tasks"] == 3
    said = run(application, ["services", "import", file, "--root", str(tmp_path / "b"), "--dry-run", "--json"])
    assert json.loads(said.output)["dry_run"] is True and not (tmp_path / "b").exists()
    said = run(application, ["services", "import", file, "--root", str(tmp_path / "b"), "--json"])
    assert said.exit_code == 0 and held(tmp_path / "b") == held(tmp_path / "a")


def test_a_file_that_is_no_database_is_set_aside_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "records.sqlite"
    file.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(DamagedRecords):
        Records(file)
    for number in (1, 2):
        records = open_records(file)
        assert ServiceRecords(records).tasks.all() == []
        records.close()
        aside = sorted(tmp_path.glob("records.sqlite.damaged-*"))
        assert len(aside) == number and str(aside[-1]) in capsys.readouterr().err
        file.write_bytes(b"not a database at all" * 1000)


def test_what_a_damaged_file_still_holds_is_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "records.sqlite"
    records = Records(file)
    services = ServiceRecords(records)
    for number in range(300):
        services.tasks.put({"id": f"t{number:04}", "title": "x" * 200})
        services.reports.put({"id": f"r{number:04}", "content": "y" * 200})
    records.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    records.close()
    content = bytearray(file.read_bytes())
    place = content.rindex(b"t0200")
    page = place // 4096 * 4096
    content[page : page + 64] = b"\xff" * 64
    file.write_bytes(content)
    records = open_records(file)
    services = ServiceRecords(records)
    assert len(services.reports.all()) == 300 and len(services.tasks.all()) > 0
    assert "set aside" in capsys.readouterr().err
    records.close()


def test_a_newer_version_is_not_taken_for_damage(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite"
    records = Records(file)
    records.database.execute("PRAGMA user_version=99")
    records.close()
    with pytest.raises(ConfigError, match="newer") as caught:
        open_records(file)
    assert not isinstance(caught.value, DamagedRecords) and list(tmp_path.glob("*damaged*")) == []


def test_a_damaged_document_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = Records(tmp_path / "records.sqlite")
    services = ServiceRecords(records)
    services.tasks.put({"id": "good"})
    records.database.execute("INSERT INTO tasks (id, document) VALUES ('bad', '{'), ('worse', '3')")
    assert services.tasks.all() == [{"id": "good"}] and services.tasks.get("bad") is None
    assert "bad" in caplog.text and "worse" in caplog.text
    records.close()
