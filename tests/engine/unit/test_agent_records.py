"""What anybody may have written into a registry: an entry that is nonsense keeps no other from being read."""

from __future__ import annotations

import json

import pytest

from cockpit.engine.agent_record import agent_from_entry, claim_from_entry
from cockpit.services.wire import RegistryEntry
from tests.engine.unit.parts import VM


def entry(**metadata: object) -> RegistryEntry:
    """Return an entry as the registry's answer has it."""
    fields = {"id": VM, "name": "ada", "role": "worker", "status": "running", "address": "a", "metadata": metadata}
    return RegistryEntry.model_validate_json(json.dumps({**fields, "registeredBy": "", "lastSeen": ""}))


@pytest.mark.parametrize("said", [10**400, -(10**400), 1e999, -1.0, float("nan"), "soon", True, None, []])
def test_a_time_that_is_none_counts_for_nothing(said: object) -> None:
    agent = agent_from_entry(entry(namedAt=said), "", "~/pi-rpc")
    assert agent is not None and agent.named_at == 0.0


def test_a_time_is_kept() -> None:
    agent = agent_from_entry(entry(namedAt=1_790_000_000.5), "", "~/pi-rpc")
    assert agent is not None and agent.named_at == 1_790_000_000.5


@pytest.mark.parametrize(
    ("said", "directory"), [("/a", "/a"), ("~/a b", "~/a b"), ("a", ""), ("/a\nb", ""), ("/a\0b", ""), (5, "")]
)
def test_a_directory_is_claimed_only_if_one_can_look_there(said: object, directory: str) -> None:
    assert claim_from_entry_directory(said) == directory


def claim_from_entry_directory(said: object) -> str:
    """Return where an entry claims that its agent lives."""
    claim = claim_from_entry(entry(directory=said))
    assert claim is not None
    return claim.directory
