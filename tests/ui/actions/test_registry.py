"""The registry: every action has its own id and words; the keymap is checked once."""

from __future__ import annotations

from cockpit.ui.actions.action import GROUPS, PANES, Situation
from cockpit.ui.actions.keymap import check_keymap
from cockpit.ui.actions.registry import ACTIONS, BRIEF, BY_ID, bindings, disabled_reason, grouped, hidden, key_table
from tests.ui.scene import scene

PLAIN_XTERM = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") | {
    "enter",
    "tab",
    "shift+tab",
    "end",
    "slash",
    "vertical_line",
    "quotation_mark",
    "asterisk",
    "apostrophe",
    "ampersand",
    "equals_sign",
    "tilde",
    "space",
    "minus",
    "plus",
    "less_than_sign",
    "greater_than_sign",
    "colon",
    "comma",
    "dollar_sign",
    "left_parenthesis",
    "right_parenthesis",
    "backslash",
    "number_sign",
    "semicolon",
    "question_mark",
    "exclamation_mark",
    "left_square_bracket",
    "right_square_bracket",
    "left_curly_bracket",
    "right_curly_bracket",
    "ctrl+p",
    "ctrl+q",
    # A cursor key with shift has a sequence of its own there, unlike a letter with it.
    "shift+up",
    "shift+down",
}


def test_no_two_actions_share_an_id_and_they_stand_by_group() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert [action.group for action in ACTIONS] == [group for group, members in grouped() for _ in members]


def test_no_key_means_two_things_and_all_work_in_a_plain_xterm() -> None:
    keys = [(action.screen, key) for action in ACTIONS for key in action.keys.split(",") if key]
    assert len(keys) == len(set(keys))
    assert {key for _, key in keys} <= PLAIN_XTERM


def test_declarations_are_complete() -> None:
    for action in ACTIONS:
        assert action.group in GROUPS
        assert action.label and action.description
        assert set(action.panes) <= {*PANES, "composer", "lanes"}
        assert not action.dangerous or action.writes
    screens = {action.screen for action in ACTIONS}
    bound = {binding.id for screen in screens for binding in bindings(screen)}
    assert bound == {action.id for action in ACTIONS if action.keys}


def test_key_table_names_every_action() -> None:
    table = key_table()
    for action in ACTIONS:
        explained = action.keys and action.group not in BRIEF
        assert (f"| **{action.label}**: {action.description}" if explained else action.label) in table
    assert "asks first" in table


def test_read_only_hides_what_writes() -> None:
    engine = scene()
    situation = Situation(engine, engine.fleet, read_only=True)
    for action in ACTIONS:
        assert hidden(action, situation) is action.writes
        if action.writes:
            assert disabled_reason(action, situation) == "the cockpit is read-only"


def test_disabled_reasons_name_the_cause() -> None:
    engine = scene()
    empty = Situation(engine, engine.fleet)
    assert disabled_reason(BY_ID["talk.prompt"], empty) == "no agent is selected"
    assert disabled_reason(BY_ID["board.move"], empty).startswith("no task is selected")
    agent = engine.fleet.agents[0]
    held = Situation(engine, engine.fleet, agent, engine.fleet.vm(agent.vm_id))
    assert disabled_reason(BY_ID["talk.answer"], held) == "vitruvius asks nothing"
    assert disabled_reason(BY_ID["vm.resume"], held) == "the VM is running, not paused"
    assert disabled_reason(BY_ID["vm.pause"], held) == ""


def test_keymap_reports_each_mistake_once_and_applies_the_rest() -> None:
    checked = check_keymap(
        {
            "vm.pase": "7",
            "vm.pause": "7",
            "agent.why": "n",
            "app.help": "ctrl+c",
            "board.note": "",
            "vm.resume": "z",
        }
    )
    assert checked.keys == {"vm.pause": "7", "vm.resume": "z"}
    text = "\n".join(checked.problems)
    assert "'vm.pase', nearest is 'vm.pause'" in text
    assert "n already means agent.spawn" in text
    assert "ctrl+c stays copy" in text
    assert "board.note has no key" in text
    assert len(checked.problems) == 4
