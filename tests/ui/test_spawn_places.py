"""Where there are several sources, the form of a spawn says which, offers the selected one, and shows all images."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.ids import CommitId
from cockpit.ui.dialogs.spawn.fields import spawn_fields
from cockpit.ui.dialogs.spawn.orders import spawn_commands
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene


class Sources(FakeEngine):
    """Has images in each of its sources."""

    def images(self, source_name: str = "") -> tuple[tuple[CommitId, str], ...]:
        """Return one image."""
        return ((CommitId(f"c-{source_name}"), "base"),)


def test_a_source_is_asked_for_where_there_are_several_alone() -> None:
    engine = Sources(scene().fleet)
    assert "source" not in {field.name for field in spawn_fields(engine)}
    engine.change(replace(engine.fleet, sources=("north", "south")))
    fields = {field.name: field for field in spawn_fields(engine, "south")}
    assert fields["source"].value == "south"
    assert [choice.value for choice in fields["source"].choices] == ["south", "north"]
    assert [str(choice.label) for choice in fields["image"].choices] == ["fresh VM", "base", "base (north)"]
    assert {field.name: field for field in spawn_fields(engine, "unknown")}["source"].value == "north"
    filled = {field.name: field.value for field in fields.values()} | {"kind": "worker", "name": "x"}
    assert [command.source for command in spawn_commands(filled, None)] == ["south"]
