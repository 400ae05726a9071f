"""What does not answer is said with its cause, in the header, over a pane and in the rows; of many, how many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.errors import CockpitError
from cockpit.model.attention import NOTHING_WANTED
from cockpit.model.fleet import Fleet, Link, LinkState
from cockpit.model.health import VM_LIST, ServiceHealth, service_name
from cockpit.remote.errors import CommandTimedOut, HostKeyChanged, HostUnreachable, SshKeyRefused
from cockpit.services.errors import TokenRefused
from cockpit.text.clean import NOTHING, ours
from cockpit.ui.look.header import header
from cockpit.ui.look.rows import machines
from cockpit.ui.look.rows.panes import doubt, unknown_because
from cockpit.ui.look.tree import TreeNode
from cockpit.vers.errors import AccessRefused, ApiKeyRefused, ApiUnreachable
from tests.ui.fake_engine import NOW
from tests.ui.look.drawn import agent_line
from tests.ui.scene import fleet

CHANGED = HostKeyChanged("another key", identity="h", pinned=("a",), offered="b", offered_key="ssh-ed25519 B")
WORDS: list[tuple[CockpitError, str]] = [
    (CHANGED, "key changed"),
    (CommandTimedOut("it did not end in its time"), "late"),
    (ApiUnreachable("it did not answer within 18 s", fault="late"), "late"),
    (SshKeyRefused("no key is accepted"), "login refused"),
    (ApiKeyRefused("could not list: 403 no"), "refused"),
    (AccessRefused("could not list: 403 no"), "refused"),
    (TokenRefused("could not list: 401 no"), "refused"),
    (ApiUnreachable("could not list 401 of 403 records"), "down"),
    (HostUnreachable("connection refused"), "down"),
    (ApiUnreachable("no answer"), "down"),
]


def sick(name: str, error: CockpitError) -> ServiceHealth:
    return ServiceHealth(service_name(VM_LIST, name, host=True), False, NOW - 9, error.message, fault=error.fault)


@pytest.mark.parametrize(("error", "word"), WORDS)
def test_each_cause_is_said_in_words(error: CockpitError, word: str) -> None:
    shown = replace(fleet(), health=(sick("ada", error),))
    assert f"✗ host ada {word} 9s" in header(shown, NOW, NOTHING_WANTED, 140).plain
    assert doubt(shown, ("vers", "registry")) == f"host ada {word}"


@pytest.mark.parametrize("count", range(1, 6))
def test_of_several_it_is_said_how_many_more(count: int) -> None:
    well = ServiceHealth(service_name(VM_LIST, "well", host=True), True, NOW)
    several = tuple(sick(f"h{number}", WORDS[number % 3][0]) for number in range(count))
    shown = Fleet(health=(well, *several))
    title, told = doubt(shown, ("vers",)), header(shown, NOW, NOTHING_WANTED, 140).plain
    assert title.startswith("host h0 key changed") and ("more" in title) is (count > 1)
    assert count == 1 or title.endswith(f"and {count - 1} more")
    assert (f"✗ {count - 2} more" in told) is (count > 2) and told.count("✗ host") == min(count, 2)
    lines = unknown_because(shown, ("vers",), ours("agents there are"))
    assert lines[-1].startswith(f"{count - 1} more do") is (count > 1)


def test_an_agent_whose_host_shows_another_key_says_so_and_is_not_merely_down() -> None:
    down = replace(fleet().agents[0], link=Link(LinkState.DOWN, NOW - 5))
    changed = replace(down, link=replace(down.link, offered_key=CHANGED.offered_key))
    for agent, word in ((down, "down"), (changed, "key changed")):
        assert word in agent_line(TreeNode(agent, NOTHING), None, NOW, 100).plain
        assert f"✗ {word}" in machines.vm_row(fleet().vms[0], agent, NOW, 60).plain
    told = header(replace(fleet(), agents=(down, changed, changed)), NOW, NOTHING_WANTED, 160).plain
    assert "~ 1 link down" in told and "~ 2 host keys changed" in told
