"""The palette: names, keys and groups stand in columns, whatever the names are."""

from __future__ import annotations

from unittest.mock import Mock

from rich.cells import cell_len

from cockpit.ui.actions.registry import ACTIONS
from cockpit.ui.palette import ActionProvider


def test_names_keys_and_groups_stand_in_columns() -> None:
    provider = Mock(spec=ActionProvider)
    lines = {action.id: ActionProvider._display(provider, action).plain for action in ACTIONS}
    begin = {cell_len(lines[action.id]) - cell_len(action.group) for action in ACTIONS}
    assert len(begin) == 1 and all(lines[action.id].endswith(action.group) for action in ACTIONS)
    assert not any("…" in line for line in lines.values()), "a name or a key is cut"
