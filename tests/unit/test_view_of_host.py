"""What the server sees of the host before it raises walls."""

from __future__ import annotations

import sysconfig

import pytest

from cockpit.embedded.sandbox.walls.plan import view_of_host


def test_a_library_that_cannot_be_looked_for_stops_no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that was moved names the place where it was made, which another user may not even search."""
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _name: "x" * 300)
    assert not any("x" * 300 in path for path in view_of_host({"PATH": "/usr/bin"}, ()).shown)
