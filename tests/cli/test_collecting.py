"""Where a file of a VM goes: always below the directory, whatever its path says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.cli.collect import local_path

PLACE = Path("/here")


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("a.md", "/here/a.md"),
        ("./a/b", "/here/a/b"),
        ("/etc/passwd", "/here/etc/passwd"),
        ("//etc/x", "/here/etc/x"),
        ("../x", None),
        ("a/../../x", None),
        ("", None),
        ("/", None),
        ("a\0b", None),
    ],
)
def test_it_never_leads_out_of_the_directory(path: str, to: str | None) -> None:
    assert local_path(PLACE, path) == (Path(to) if to is not None else None)
