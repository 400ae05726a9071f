"""The client's resources against the embedded platform: tags, repositories, variables, lineage, sizes, the key."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from cockpit.errors import UsageError
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize
from cockpit.vers.client import VersClient
from cockpit.vers.errors import (
    CommitNotFound,
    Conflict,
    RepositoryNotFound,
    ResourceNotFound,
    TagNotFound,
    VersError,
    VmNotFound,
)
from tests.embedded.api.fakes import World, make_world
from tests.vers.test_client_faults import Losing, unavailable

NOBODY = CommitId("0f9e8d7c-6b5a-4948-8372-615049382716")


@pytest.fixture
def world() -> World:
    return make_world()


def client_of(world: World, transport: httpx.AsyncBaseTransport | None = None) -> VersClient:
    return VersClient("http://fleet.test/api/v1", world.token, transport=transport or world.transport)


async def committed(vers: VersClient, name: str = "golden") -> tuple[VmId, CommitId]:
    """Make a VM and a commit of it."""
    vm_id = await vers.create_root(VmSize())
    return vm_id, await vers.commit(vm_id, name=name)


async def test_tags_of_both_lists_name_a_commit_until_they_are_moved_or_go(world: World) -> None:
    async with client_of(world) as vers:
        vm_id, first = await committed(vers)
        second = await vers.commit(vm_id)
        await vers.repositories.create("images", "what agents start from")
        for tags in (vers.tags, vers.repositories.tags("images")):
            await tags.create("v1", first, "the first")
            with pytest.raises(Conflict, match="already exists"):
                await tags.create("v1", second)
            assert ((await tags.one("v1")).commit_id, (await tags.one("v1")).description) == (first, "the first")
            await tags.move("v1", second)
            assert [(tag.tag_name, tag.commit_id) for tag in await tags.listed()] == [("v1", second)]
            assert (await tags.one("v1")).description == "the first"
            with pytest.raises(CommitNotFound):
                await tags.create("v2", NOBODY)
        from_tag, from_ref = await vers.from_tag("v1"), await vers.from_reference("images:v1")
        branches = await vers.branch_tag("v1", count=2), await vers.branch_reference("images:v1")
        made = [from_tag, from_ref, *branches[0].vms, *branches[1].vms]
        assert len(set(made)) == 5
        assert {(await vers.metadata(vm)).parent_commit_id for vm in made} == {second}
        for tags in (vers.tags, vers.repositories.tags("images")):
            await tags.delete("v1")
            with pytest.raises(TagNotFound):
                await tags.delete("v1")
        with pytest.raises(TagNotFound):
            await vers.from_tag("v1")
        with pytest.raises(RepositoryNotFound):
            await vers.from_reference("nowhere:v1")
        with pytest.raises(UsageError, match="REPOSITORY:TAG"):
            await vers.from_reference("images")
        assert len(await vers.list_vms()) == 6


async def test_repositories_are_shown_to_everybody_only_if_so_told(world: World) -> None:
    async with client_of(world) as vers:
        await vers.repositories.create("pi-agent")
        with pytest.raises(Conflict):
            await vers.repositories.create("pi-agent")
        with pytest.raises(UsageError):
            await vers.repositories.create("a b")
        assert await vers.repositories.public() == ()
        await vers.repositories.set_public("pi-agent", True)
        assert [repository.full_name for repository in await vers.repositories.public()] == ["embedded/pi-agent"]
        await vers.repositories.delete("pi-agent")
        assert await vers.repositories.listed() == ()
        with pytest.raises(RepositoryNotFound):
            await vers.repositories.delete("pi-agent")


async def test_variables_reach_what_starts_after_them_and_nothing_else(world: World) -> None:
    async with client_of(world) as vers:
        before, commit = await committed(vers)
        await vers.variables.set({"B": "2", "A": "x = y"})
        await vers.variables.set({"C": "3"})
        created, restored = await vers.create_root(), await vers.from_commit(commit)
        await vers.variables.set({"D": "4"}, replace=True)
        assert await vers.variables.listed() == {"D": "4"}
        await vers.variables.delete("D")
        with pytest.raises(ResourceNotFound, match="variable not found"):
            await vers.variables.delete("D")
        for name, value in (("1A", "x"), ("A", "x\ny"), ("A", "x" * 8193), ("A" * 257, "x")):
            with pytest.raises(UsageError, match="nothing was sent"):
                await vers.variables.set({name: value})
    whole = {"A": "x = y", "B": "2", "C": "3"}
    assert world.hosting.environments == {created: whole, restored: whole} and before not in world.hosting.environments


async def test_commits_have_a_lineage_a_size_and_a_name_that_can_change(world: World) -> None:
    async with client_of(world) as vers:
        _, first = await committed(vers)
        child = await vers.from_commit(first)
        second = await vers.commit(child, description="after the first")
        assert [commit.commit_id for commit in await vers.commits.parents(second)] == [second, first]
        record = await vers.commits.one(second)
        assert (record.parent_vm_id, record.description) == (child, "after the first")
        assert (record.vcpu_count, record.mem_size_mib, record.fs_size_mib) == (2, 4096, 8192)
        assert record.size_bytes == 2000
        await vers.commits.change(first, public=True)
        renamed = await vers.commits.change(first, name="better")
        assert (renamed.name, renamed.is_public) == ("better", True)
        assert [c.commit_id for c in (await vers.commits.listed(public=True)).records] == [first]
        with pytest.raises(Conflict, match=r"destroy them first"):
            await vers.commits.delete(first)
        await vers.tags.create("latest", second)
        await vers.commits.delete(second)
        assert await vers.tags.listed() == ()
        with pytest.raises(CommitNotFound):
            await vers.commits.delete(second)
        with pytest.raises(CommitNotFound):
            await vers.commits.one(second)


async def test_a_disk_grows_and_never_shrinks(world: World) -> None:
    async with client_of(world) as vers:
        vm_id = await vers.create_root(VmSize(4, 2048, 4096))
        await vers.resize_disk(vm_id, 9000)
        now = await vers.metadata(vm_id)
        assert (now.vcpu_count, now.mem_size_mib, now.fs_size_mib) == (4, 2048, 9000)
        with pytest.raises(VersError, match="must be greater"):
            await vers.resize_disk(vm_id, 9000)
        with pytest.raises(VmNotFound):
            await vers.resize_disk(VmId(NOBODY), 9000)
        assert (await vers.metadata(await vers.from_commit(await vers.commit(vm_id)))).fs_size_mib == 9000


async def test_labels_are_added_replaced_and_taken(world: World) -> None:
    async with client_of(world) as vers:
        vm_id = await vers.create_root(labels={"a": "1"})
        await vers.add_labels(vm_id, {"b": "2"})
        assert (await vers.status(vm_id)).labels.items() >= {"a": "1", "b": "2"}.items()
        await vers.replace_labels(vm_id, {"c": "3", "d/e": "4"})
        await vers.remove_label(vm_id, "c")
        assert (await vers.status(vm_id)).labels == {"d/e": "4"}


async def test_the_key_says_whose_it_is(world: World) -> None:
    async with client_of(world) as vers:
        who = await vers.key.whoami()
        assert who is not None and who.api_key.id == vers.owner_id and who.limits.vcpus == 0
        assert (await vers.key.check()).valid
    wrong = world.token[:-1] + ("0" if world.token[-1] != "0" else "1")
    async with VersClient("http://fleet.test/api/v1", wrong, transport=world.transport) as vers:
        verdict = await vers.key.check()
        assert not verdict.valid and "403" in verdict.message and wrong[40:] not in verdict.message


async def describe_tag(vers: VersClient) -> None:
    """Give a tag other words; it names the commit that it named."""
    await vers.tags.move("old", CommitId((await vers.tags.one("old")).commit_id), "other words")


LOST = {
    "add labels": (r"PATCH .*/label", lambda vers, vm, commit: vers.add_labels(vm, {"c": "d"})),
    "replace labels": (r"PUT .*/labels", lambda vers, vm, commit: vers.replace_labels(vm, {"c": "d"})),
    "remove label": (r"DELETE .*/label/.*", lambda vers, vm, commit: vers.remove_label(vm, "a")),
    "disk": (r"PATCH .*/disk", lambda vers, vm, commit: vers.resize_disk(vm, 9000)),
    "rename": (r"PATCH .*/commits/.*", lambda vers, vm, commit: vers.commits.change(commit, name="new")),
    "delete commit": (r"DELETE .*/commits/.*", lambda vers, vm, commit: vers.commits.delete(commit)),
    "tag": (r"POST .*/commit_tags", lambda vers, vm, commit: vers.tags.create("t", commit)),
    "move tag": (r"PATCH .*/commit_tags/.*", lambda vers, vm, commit: vers.tags.move("old", commit)),
    "describe tag": (r"PATCH .*/commit_tags/.*", lambda vers, vm, commit: describe_tag(vers)),
    "delete tag": (r"DELETE .*/commit_tags/.*", lambda vers, vm, commit: vers.tags.delete("old")),
    "repository": (r"POST .*/repositories", lambda vers, vm, commit: vers.repositories.create("r")),
    "show repository": (r"PATCH .*/visibility", lambda vers, vm, commit: vers.repositories.set_public("kept", True)),
    "delete repository": (r"DELETE .*/repositories/.*", lambda vers, vm, commit: vers.repositories.delete("kept")),
    "variables": (r"PUT .*/env_vars", lambda vers, vm, commit: vers.variables.set({"A": "b"})),
    "only these variables": (r"PUT .*/env_vars", lambda vers, vm, commit: vers.variables.set({"A": "b"}, replace=True)),
    "delete variable": (r"DELETE .*/env_vars/.*", lambda vers, vm, commit: vers.variables.delete("OLD")),
}


class Deaf(httpx.AsyncBaseTransport):
    """Answers as if it might have done what matches, and does not do it."""

    def __init__(self, world: World, pattern: str) -> None:
        self._inner = world.transport
        self._pattern = re.compile(pattern)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._pattern.fullmatch(f"{request.method} {request.url.path}"):
            return unavailable()
        return await self._inner.handle_async_request(request)


async def furnished(vers: VersClient) -> tuple[VmId, CommitId]:
    """Make a VM with a label, a commit with a tag, a repository and a variable."""
    vm_id, commit = await committed(vers)
    await vers.add_labels(vm_id, {"a": "b"})
    # A commit with a tag cannot be deleted.
    await vers.tags.create("old", await vers.commit(vm_id))
    await vers.repositories.create("kept")
    await vers.variables.set({"OLD": "x"})
    return vm_id, commit


@pytest.mark.parametrize(("pattern", "act"), LOST.values(), ids=LOST)
async def test_what_was_done_behind_a_lost_answer_counts_as_done(world: World, pattern: str, act: object) -> None:
    assert callable(act)
    losing = Losing(world, pattern, unavailable)
    losing.times = 3
    async with client_of(world) as sound:
        vm_id, commit = await furnished(sound)
        async with client_of(world, losing) as vers:
            await act(vers, vm_id, commit)
    assert losing.done


@pytest.mark.parametrize(("pattern", "act"), LOST.values(), ids=LOST)
async def test_what_was_not_done_behind_a_lost_answer_fails(world: World, pattern: str, act: object) -> None:
    assert callable(act)
    async with client_of(world) as sound:
        vm_id, commit = await furnished(sound)
        async with client_of(world, Deaf(world, pattern)) as vers:
            with pytest.raises(VersError, match="503"):
                await act(vers, vm_id, commit)


async def test_names_and_variables_are_kept_over_a_restart_and_older_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    world = make_world(path)
    async with client_of(world) as vers:
        _, commit = await committed(vers)
        await vers.repositories.create("images")
        await vers.repositories.tags("images").create("v1", commit)
        await vers.variables.set({"A": "b"})
    # What the file was before there were names.
    tables = world.records.database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    later = {name for (name,) in tables} - {"vms", "commits", "tasks", "feed", "registry", "sqlite_sequence"}
    world.records.database.executescript(
        "".join(f"DROP TABLE {name};" for name in later)
        + "ALTER TABLE commits DROP COLUMN size_bytes; ALTER TABLE vms DROP COLUMN made_by;"
        + "ALTER TABLE vms DROP COLUMN asleep; PRAGMA user_version=1;"
    )
    world.records.close()
    world = make_world(path, world.token)
    async with client_of(world) as vers:
        assert (await vers.commits.one(commit)).size_bytes == 0
        assert await vers.repositories.listed() == ()
        await vers.repositories.create("images")
        await vers.repositories.tags("images").create("v1", commit)
        await vers.variables.set({"A": "b"})
    world.records.close()
    world = make_world(path, world.token)
    async with client_of(world) as vers:
        assert [tag.commit_id for tag in await vers.repositories.tags("images").listed()] == [commit]
        assert await vers.variables.listed() == {"A": "b"}
    world.records.close()
