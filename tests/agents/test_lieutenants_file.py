"""Another tool's file keeps every byte that is not ours to change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.agents.lieutenants_file import StateFileBroken, entries_in, with_entry, without_entry

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = "bbbbbbbb-0000-4000-8000-000000000002"
AT = "2026-02-13T10:00:00.000Z"

FOREIGN = (
    '{ "version": 7,\t"lieutenants": [\n'
    '  {"name":"ada" , "vmId":"' + ADA.upper() + '", "taskCount": 3.0, "isLocal":false, "x-their-own": {"a":[1,2 ]},\n'
    '   "status":"idle"},\n'
    '  {"name":"here","vmId":"local-here","isLocal":true,"note":"\\u00e9"},\n'
    '  "a word that is no entry"\n'
    '  ], "savedAt":"2026-01-01T00:00:00.000Z" , "later": 1e3 }\n'
)


def fields(vm_id: str, name: str, **more: Any) -> dict[str, Any]:
    """Return an entry of ours."""
    return {"name": name, "role": "docs", "vmId": vm_id, "isLocal": False, "status": "idle"} | more


def test_entries_are_read_whatever_else_is_there() -> None:
    ada, here = entries_in(FOREIGN)
    assert (ada.name, ada.vm_id, ada.is_local, ada.status) == ("ada", ADA, False, "idle")
    assert here.is_local and entries_in("") == entries_in('{"lieutenants":[]}') == ()


def test_an_entry_is_added_and_everything_else_stays() -> None:
    changed = with_entry(FOREIGN, fields(BOB, "bob"), AT)
    parsed = json.loads(changed)
    assert [entry.name for entry in entries_in(changed)] == ["ada", "here", "bob"]
    assert parsed["lieutenants"][3] == fields(BOB, "bob") and parsed["savedAt"] == AT
    removed = json.dumps(fields(BOB, "bob"))
    rest = changed.replace(f",\n  {removed}", "").replace(AT, "2026-01-01T00:00:00.000Z")
    assert rest == FOREIGN, "what is not ours keeps every byte"


def test_an_entry_of_ours_is_brought_up_to_date_and_keeps_fields_it_does_not_know() -> None:
    changed = with_entry(FOREIGN, {"vmId": ADA, "name": "ida", "status": "working", "role": "new"}, AT)
    ada = json.loads(changed)["lieutenants"][0]
    assert ada == {
        "name": "ida",
        "vmId": ADA,
        "taskCount": 3.0,
        "isLocal": False,
        "x-their-own": {"a": [1, 2]},
        "status": "working",
        "role": "new",
    }
    assert '"taskCount": 3.0' in changed and '{"a":[1,2 ]}' in changed and "\\u00e9" in changed and "1e3" in changed


@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_entry_is_taken_out_wherever_it_stands(which: int) -> None:
    three = [fields(f"{number}" * 8, f"n{number}", odd=number) for number in range(3)]
    text = json.dumps({"lieutenants": three, "savedAt": None}, indent=3)
    left = json.loads(without_entry(text, three[which]["vmId"], AT))
    assert left == {"lieutenants": [entry for entry in three if entry is not three[which]], "savedAt": AT}
    assert without_entry(text, "nobody", AT) == text, "nothing to take out changes nothing"


def test_one_after_the_other_in_a_new_file() -> None:
    text = with_entry("", fields(ADA, "ada"), AT)
    text = with_entry(text, fields(BOB, "bob"), AT)
    assert [entry.name for entry in entries_in(text)] == ["ada", "bob"]
    text = without_entry(without_entry(text, ADA, AT), BOB, AT)
    assert json.loads(text) == {"lieutenants": [], "savedAt": AT}
    assert [entry.name for entry in entries_in(with_entry(text, fields(ADA, "ada"), AT))] == ["ada"]


@pytest.mark.parametrize("text", ['{"lieutenants": [{"name": "a', "[]", '{"lieutenants": {}}', "null", "{}"])
def test_a_broken_file_is_never_taken_for_an_empty_one(text: str) -> None:
    for change in (lambda: entries_in(text), lambda: with_entry(text, fields(ADA, "ada"), AT)):
        with pytest.raises(StateFileBroken):
            change()
