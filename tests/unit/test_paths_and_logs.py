"""Private directories and files, and a log without secrets."""

from __future__ import annotations

import logging
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit import logs, paths
from cockpit.errors import ConfigError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directories_are_private(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    assert mode(paths.private_directory(loose)) == 0o700
    assert mode(paths.private_directory(tmp_path / "a" / "b")) == 0o700
    (tmp_path / "link").symlink_to(loose)
    with pytest.raises(ConfigError, match="symbolic link"):
        paths.private_directory(tmp_path / "link")


def test_state_lives_under_the_xdg_directories(isolated_home: Path) -> None:
    for directory in (paths.state_directory(), paths.log_directory(), paths.embedded_directory()):
        assert directory.is_relative_to(isolated_home)
        assert mode(directory) == 0o700
    assert len(str(paths.runtime_directory())) < 60, "socket paths are limited to about 100 bytes"


def test_private_files_are_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    paths.write_private(file, "new")
    assert (file.read_text(), mode(file)) == ("new", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(before[0]):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[1])


def test_the_log_holds_no_secret(tmp_path: Path, root_logger: logging.Logger) -> None:
    file = tmp_path / "cockpit.log"
    logs.write_log(file, secrets=lambda: ["canary-value-123"])
    log = logging.getLogger("cockpit.test")
    log.warning("the key is %s", "canary-value-123")
    log.warning("header Authorization: Bearer abc.def and sk-ant-REDACTED-by-shape-000")
    try:
        raise RuntimeError("with canary-value-123 inside")
    except RuntimeError:
        log.exception("it failed")
    text = file.read_text()
    assert mode(file) == 0o600
    assert "canary" not in text and "abc.def" not in text and "by-shape" not in text
    assert "RuntimeError: with [secret] inside" in text


def test_no_line_is_written_while_the_secrets_cannot_be_told(
    tmp_path: Path, root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    fails = iter((True, True, False))

    def secrets() -> list[str]:
        if next(fails):
            raise OSError("the file cannot be read")
        return ["canary-value-123"]

    file = tmp_path / "cockpit.log"
    logs.write_log(file, secrets=secrets)
    for number in range(3):
        logging.getLogger("cockpit.test").warning("%s: canary-value-123", number)
    assert "canary" not in file.read_text()
    assert file.read_text().endswith("2: [secret]\n")


def test_no_line_is_written_while_another_thread_finds_the_secrets(tmp_path: Path, root_logger: logging.Logger) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def secrets() -> list[str]:
        asked.set()
        go_on.wait(30.0)
        return ["canary-value-123"]

    file = tmp_path / "cockpit.log"
    logs.write_log(file, secrets=secrets)
    hides = threading.Thread(target=logs.hide, args=("another-value",))
    writes = threading.Thread(
        target=logging.getLogger("cockpit.test").warning, args=("canary-value-123 another-value",)
    )
    hides.start()
    assert asked.wait(30.0)
    writes.start()
    writes.join(0.2)  # enough for a line that waits for nothing
    go_on.set()
    hides.join()
    writes.join()
    assert file.read_text().endswith(": [secret] [secret]\n")


def test_who_else_hears_a_record_gets_it_as_it_was(
    tmp_path: Path, root_logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    logs.write_log(tmp_path / "cockpit.log", secrets=lambda: ["canary-value-123"])
    try:
        raise RuntimeError("oh")
    except RuntimeError:
        logging.getLogger("cockpit.test").exception("%s failed", "it")
    (record,) = caplog.records
    assert record.exc_info is not None and record.args == ("it",)


def test_a_log_that_cannot_be_written_is_said_and_keeps_nobody_from_work(
    tmp_path: Path, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Is a directory" in logs.write_log(tmp_path)
    logging.getLogger("cockpit.test").error("lost")
    assert capsys.readouterr().err == ""
