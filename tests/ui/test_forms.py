"""Forms: what fields of every kind hold begins in one column, and so does what is said of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from textual.widgets import Input, TextArea

from cockpit.model.notebook.pitfalls import INLINE_FILE
from cockpit.ui.dialogs.form import FormDialog
from cockpit.ui.dialogs.spawn.form import SpawnDialog
from cockpit.ui.dialogs.tasks import assign_form
from cockpit.ui.widgets.choice_field import ChoiceField
from cockpit.ui.widgets.plain import Plain
from tests.remote.waiting import until
from tests.ui.crowd import crowd
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn


@pytest.mark.usefixtures("short_pauses")
async def test_what_fields_hold_begins_in_one_column_whatever_their_kind() -> None:
    async with cockpit(size=(80, 40)) as (pilot, _, _):
        await pilot.press("n", "tab")
        await until(lambda: isinstance(pilot.app.screen, SpawnDialog))
        form = pilot.app.screen
        form.query_one("#name", Input).value = "typed"
        form.query_one("#tasks", TextArea).text = "written"
        await until(lambda: "written" in drawn(pilot.app))
        lines = drawn(pilot.app).splitlines()
        texts = ("lieutenant  ◂", "typed", "what it is for", "fresh VM ", "2/4096", "written", "lieutenant: keeps")
        columns = {text: {line.find(text) for line in lines} - {-1} for text in texts}
        assert len({frozenset(column) for column in columns.values()}) == 1, columns
        fields = [field for kind in (Input, TextArea, ChoiceField) for field in form.query(kind)]
        edges = {field.content_region.x for field in fields if field.region.width}
        assert {frozenset(edges)} == {frozenset(column) for column in columns.values()}


def shows(field: ChoiceField, value: str) -> bool:
    """Tell whether a choice is shown."""
    return field.value == value


@pytest.mark.usefixtures("short_pauses")
async def test_letters_of_any_script_find_a_choice_and_who_has_a_task_is_one() -> None:
    engine = crowd()
    first, *others = engine.fleet.tasks
    engine.change(replace(engine.fleet, tasks=(replace(first, assignee="Zoë"), *others)))
    async with cockpit(engine, size=(80, 40)) as (pilot, home, _):
        home.open_dialog(assign_form(replace(first, assignee="Zoë"), engine.fleet))
        await until(lambda: bool(pilot.app.screen.query(ChoiceField)))
        field = pilot.app.screen.query_one("#assignee", ChoiceField)
        await until(lambda: field.has_focus)
        assert field.value == "Zoë"
        for keys, found in {
            "πλ": "πλοηγός-αποθήκευσης-1",
            "Xaut": "refactor-authentication-middleware-1",
            "Xzoe": "Zoë",
            "X模块": "重构认证中间件模块-1",
            ">": "重构认证中间件模块-2",
            "Xпер": "переписать-хранилище-ссылок-1",
            "<": "переписать-хранилище-ссылок-8",
        }.items():
            names = {"X": ["backspace"] * 4, ">": ["right"], "<": ["left"]}
            await pilot.press(*(key for letter in keys for key in names.get(letter, [letter])))
            await until(partial(shows, field, found))
        # What none has is not taken for the one that is shown.
        await pilot.press("ы", "ы", "enter")
        await until(lambda: "none has “перыы”" in str(pilot.app.screen.query_one("#problem", Plain).content))


@pytest.mark.usefixtures("short_pauses")
async def test_what_agents_get_to_read_is_told_of_what_goes_wrong_with_a_large_file() -> None:
    async with cockpit(size=(80, 40)) as (pilot, _, _):
        for keys, field in ((("t",), "#description"), (("2", "home", "c"), "#content")):
            await pilot.press(*keys)
            await until(lambda: isinstance(pilot.app.screen, FormDialog))
            assert INLINE_FILE.split(":")[0] not in drawn(pilot.app)
            pilot.app.screen.query_one(field, TextArea).text = "```\n" + "x = 1\n" * 80 + "```"
            await until(lambda: INLINE_FILE.split(":")[0] in drawn(pilot.app))
            await pilot.press("escape")
