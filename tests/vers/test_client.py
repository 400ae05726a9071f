"""The client against the embedded application: one code path for both platforms."""

from __future__ import annotations

import pytest

from cockpit.model.fleet import Power
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize
from cockpit.vers.client import VersClient
from cockpit.vers.errors import ApiKeyRefused, CommitNotFound, VersError, VmNotFound, VmPaused
from tests.embedded.api.fakes import World, make_world

NOBODY = VmId("0f9e8d7c-6b5a-4948-8372-615049382716")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> VersClient:
    return VersClient("http://fleet.test/api/v1", f" {world.token}\n", transport=world.transport)


async def test_the_life_of_a_vm(world: World, client: VersClient) -> None:
    await client.health()
    vm_id = await client.create_root(VmSize(2, 512, 1024), labels={"role": "worker"})
    listed = await client.list_vms()
    assert [(vm.vm_id, vm.power, vm.owner_id) for vm in listed] == [(vm_id, Power.RUNNING, client.owner_id)]
    assert listed[0].labels["role"] == "worker" and listed[0].created_at > 1e9
    assert "OPENSSH" in (await client.ssh_key(vm_id)).ssh_private_key
    await client.set_power(vm_id, paused=True)
    await client.set_power(vm_id, paused=True)
    assert (await client.status(vm_id)).power is Power.PAUSED
    with pytest.raises(VmPaused, match=f"VM {vm_id}"):
        await client.ssh_key(vm_id)
    commit = await client.commit(vm_id, name="golden", keep_paused=True)
    assert (await client.status(vm_id)).power is Power.PAUSED
    await client.set_power(vm_id, paused=False)
    child = await client.from_commit(commit)
    assert (await client.metadata(child)).parent_commit_id == commit
    branch = await client.branch(vm_id, count=2)
    assert len(branch.vms) == branch.wanted == 2 and not branch.error
    assert len((await client.branch_commit(commit)).vms) == 1
    assert [c.name for c in (await client.commits.listed()).records][-1] == "golden"
    await client.delete(vm_id)
    await client.delete(vm_id)
    with pytest.raises(VmNotFound):
        await client.status(vm_id)
    assert len(await client.list_vms()) == 4
    await client.close()


async def test_a_stranger_s_id_is_not_gone_but_unknown(client: VersClient) -> None:
    with pytest.raises(VmNotFound, match="no such VM"):
        await client.delete(NOBODY)


async def test_a_wrong_key_is_named_as_such_and_not_shown(world: World) -> None:
    key = world.token[:-1] + ("0" if world.token[-1] != "0" else "1")
    async with VersClient("http://fleet.test/api/v1", key, transport=world.transport) as client:
        with pytest.raises(ApiKeyRefused, match="403 Forbidden") as raised:
            await client.list_vms()
        assert key[40:] not in f"{raised.value!r}{raised.value}{client!r}{vars(client)!r}"


async def test_a_branch_reports_what_it_made(world: World, client: VersClient) -> None:
    vm_id = await client.create_root()
    world.hosting.restores_left = 2
    result = await client.branch(vm_id, count=3)
    assert len(result.vms) == 2 and result.wanted == 3 and "failed to provision" in result.error
    world.hosting.restores_left = 0
    with pytest.raises(VersError, match="failed to provision"):
        await client.branch(vm_id, count=1)
    with pytest.raises(CommitNotFound, match="commit not found"):
        await client.from_commit(CommitId(NOBODY))


async def test_all_commits_over_pages(world: World, client: VersClient) -> None:
    vm_id = await client.create_root()
    row = world.records.vm(vm_id)
    assert row is not None
    with world.records.act():
        for number in range(230):
            world.records.add_commit(commit_id := f"c{number}", row, f"name {number}", None)
            world.records.set_complete(commit_id)
    names = [commit.name for commit in (await client.commits.listed()).records]
    assert names == [f"name {number}" for number in reversed(range(230))]
