"""The form of a spawn has what the verb has: what was filled in is what is ordered."""

from __future__ import annotations

from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId
from cockpit.model.size import VmSize
from cockpit.ui.dialogs.spawn.fields import FORM, spawn_fields, values_in
from cockpit.ui.dialogs.spawn.orders import spawn_commands
from tests.ui.scene import scene

IMAGE = CommitId("c0ffee00-0000-4000-8000-000000000001")


def filled(**values: str) -> dict[str, str]:
    """Return what the untouched form holds, with some fields filled in."""
    offered = {field.name: field.value or field.choices[0].value if field.choices else field.value for field in FIELDS}
    assert values.keys() <= offered.keys()
    return {**offered, **values}


FIELDS = spawn_fields(scene())


def test_a_form_that_is_not_touched_orders_what_is_usual() -> None:
    (spawn,) = spawn_commands(filled(name="ada"), VmSize())
    assert spawn == Spawn("ada", AgentKind.LIEUTENANT, program=spawn.program)
    assert not (spawn.findable or spawn.replaces_prompt or spawn.sync), "these are for who asks for them"


def test_what_is_filled_in_is_ordered() -> None:
    values = filled(
        name="ada",
        role="tests",
        prompt="replace",
        findable="yes",
        sync="yes",
        labels="a, b",
        model="m",
        thinking="high",
        size="4/8G/20G",
        tasks="begin",
    )
    (spawn,) = spawn_commands(values, VmSize())
    assert (spawn.role, spawn.replaces_prompt, spawn.findable, spawn.sync) == ("tests", True, True, True)
    assert (spawn.labels, spawn.model, spawn.thinking, spawn.task) == (("a", "b"), "m", "high", "begin")
    assert spawn.size == VmSize(4, 8192, 20480)


def test_workers_get_a_task_a_line_and_what_an_image_has() -> None:
    values = filled(kind="worker", name="w", image=IMAGE, tasks="one\ntwo\n", findable="yes")
    spawns = spawn_commands(values, VmSize(), {"w-1"})
    assert [spawn.task for spawn in spawns] == ["one", "two"]
    assert len({spawn.name for spawn in spawns}) == 2 and "w-1" not in {spawn.name for spawn in spawns}
    assert all(spawn.image == IMAGE and spawn.size is None and spawn.findable for spawn in spawns)


def test_findable_says_why_it_is_not_the_usual() -> None:
    field = next(field for field in FIELDS if field.name == "findable")
    assert field.choices[0].value == "" and "stop what they found" in field.choices[1].label


def test_what_was_chosen_last_is_offered_again_if_it_can_still_be_chosen() -> None:
    engine = scene()
    engine.notebook.keep_values(
        FORM, {"kind": "worker", "model": "m", "image": IMAGE, "program": "gone", "parent": "nobody there", "name": "x"}
    )
    values = values_in(spawn_fields(engine))
    assert (values["kind"], values["model"], values["image"]) == ("worker", "m", IMAGE)
    assert values["program"] == "pi" and values["parent"] == "" and values["name"] == "", "a name is another's now"
