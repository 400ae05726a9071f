"""Who records an agent: one at a time, whoever asks, and nobody after the end of the one who did."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cockpit.model.ids import AgentId
from cockpit.store.errors import StoreError
from cockpit.store.lease import Leases, leases_of
from cockpit.store.store import Store
from tests.store.samples import AGENT, cursor, records
from tests.store.test_faults import start

OTHER = AgentId("another agent")
AGENTS = st.sampled_from([AGENT, OTHER, AgentId(""), AgentId("\ud800"), AgentId("x" * 10_000)])


def holder(path: Path, agent: AgentId) -> subprocess.Popen[str]:
    """Start a process that takes a lease and keeps it until its standard input ends."""
    process = start("lease", str(path), agent)
    assert process.stdout is not None and process.stdout.readline() == "True\n"
    return process


async def test_one_store_at_a_time_holds_a_lease(tmp_path: Path) -> None:
    first, second = await Store.open(tmp_path / "store.db"), await Store.open(tmp_path / "store.db")
    assert leases_of(first.path).stat().st_mode & 0o777 == 0o600
    assert first.leases.take(AGENT) and first.leases.take(AGENT)
    assert not second.leases.take(AGENT) and not second.leases.holds(AGENT)
    assert second.leases.take(OTHER) and not first.leases.take(OTHER)
    first.leases.release(AGENT)
    assert second.leases.take(AGENT) and not first.leases.take(AGENT)
    await second.close()
    assert first.leases.take(AGENT) and first.leases.take(OTHER)
    await first.close()
    with pytest.raises(StoreError, match="closed"):
        first.leases.take(AGENT)


@pytest.mark.parametrize("kill", [True, False])
async def test_a_lease_ends_with_its_process_by_whatever_means(tmp_path: Path, kill: bool) -> None:
    path = tmp_path / "store.db"
    for _ in range(3):
        process = holder(path, AGENT)
        store = await Store.open(path)
        assert not store.leases.take(AGENT)
        if kill:
            process.kill()
        process.communicate()
        assert store.leases.take(AGENT)
        await store.close()


async def test_a_store_of_its_own_is_granted_every_lease(tmp_path: Path) -> None:
    (tmp_path / "store.db.lock").mkdir()
    first, second = await Store.open(tmp_path / "store.db"), await Store.open(tmp_path / "store.db")
    assert first.trouble and second.trouble
    assert first.leases.take(AGENT) and second.leases.take(AGENT)
    await first.close()
    await second.close()


async def test_progress_is_told_once_and_to_whom_it_is_new(tmp_path: Path) -> None:
    """Writers are other connections, ours included; each reading connection may tell of a change once."""
    path = tmp_path / "store.db"
    reading, writing = await Store.open(path), await Store.open(path)

    async def quiet() -> None:
        while await reading.progress.news([AGENT]) is not None:
            pass

    await quiet()
    for line in (10, 20):
        await writing.append(AGENT, records(line - 9, line), cursor(line))
        assert await reading.progress.news([AGENT, OTHER]) == {AGENT: (1, line)}
        await quiet()
    assert await reading.progress.news([AGENT], anyway=True) == {AGENT: (1, 20)}
    await writing.begin_epoch(AGENT, "another file", "replaced", 1.0)
    await writing.begin_epoch(OTHER, "a file", "new", 1.0)
    assert await reading.progress.news([AGENT]) == {AGENT: (2, 0)}
    await quiet()
    await reading.append(AGENT, records(1, 5, epoch=2), cursor(5, epoch=2))
    assert await reading.progress.news([AGENT, OTHER]) == {AGENT: (2, 5), OTHER: (1, 0)}
    await reading.close()
    await writing.close()


def test_leases_are_exclusive_in_any_order_of_acts(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    class Company(RuleBasedStateMachine):
        """Some stores on one file, against a table of who has what."""

        def __init__(self) -> None:
            super().__init__()
            self.stores = [Leases.open(path) for _ in range(3)]
            self.holders: dict[AgentId, Leases] = {}

        @rule(number=st.integers(0, 2), agent=AGENTS)
        def take(self, number: int, agent: AgentId) -> None:
            """It is granted exactly if nobody else has it."""
            store = self.stores[number]
            assert store.take(agent) is (self.holders.get(agent, store) is store)
            self.holders.setdefault(agent, store)

        @rule(number=st.integers(0, 2), agent=AGENTS)
        def release(self, number: int, agent: AgentId) -> None:
            """Only the holder's release counts."""
            self.stores[number].release(agent)
            if self.holders.get(agent) is self.stores[number]:
                del self.holders[agent]

        @rule(number=st.integers(0, 2))
        def reopen(self, number: int) -> None:
            """The end of a store frees what it held, and nothing else."""
            old = self.stores[number]
            old.close()
            self.stores[number] = Leases.open(path)
            self.holders = {agent: store for agent, store in self.holders.items() if store is not old}

        @invariant()
        def agree(self) -> None:
            """Each store knows what it holds."""
            for store in self.stores:
                for agent, found in self.holders.items():
                    assert store.holds(agent) is (found is store)

        def teardown(self) -> None:
            """Close the files."""
            for store in self.stores:
                store.close()

    run_state_machine_as_test(Company)
