"""Each call of the platform is made by the client or left with a reason, and the embedded platform answers all."""

from __future__ import annotations

import re
from operator import attrgetter

import httpx
import pytest

from cockpit.errors import UsageError
from cockpit.vers.client import VersClient
from cockpit.vers.errors import RepositoryNotFound, TagNotFound
from tests.embedded.api.fakes import World, make_world
from tests.vers.calls_of_the_platform import CALLS
from tests.vers.test_resources import client_of, committed

ID = "0f9e8d7c-6b5a-4948-8372-615049382716"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("told", sorted(set(CALLS.values())))
async def test_a_line_names_a_method_of_the_client_or_a_reason(told: str, world: World) -> None:
    async with client_of(world) as vers:
        path, method = told.partition(".")[0], told.partition(".")[2]
        assert callable(attrgetter(method)(vers)) if path == "vers" else len(told.split()) > 4


async def test_the_embedded_platform_says_of_each_call_what_it_makes_of_it(world: World) -> None:
    """One that it has not says why; none is answered as if nobody had ever heard of it."""
    async with httpx.AsyncClient(transport=world.transport, base_url="http://fleet.test") as client:
        unanswered = []
        for call, told in CALLS.items():
            method, path = call.split()
            prefix = "" if path in ("/health", "/version") else "/api/v1"
            url = prefix + re.sub(r"\{\w+\}", ID, path)
            answer = await client.request(method, url, headers={"Authorization": f"Bearer {world.token}"})
            has_body = bool(answer.content)
            if answer.status_code in (404, 405) and not has_body:
                unanswered.append(call)
            if answer.status_code == 501:
                assert not told.startswith("vers."), f"{call} is made by the client"
                assert answer.json()["success"] is False and len(answer.json()["error"].split()) > 6
        assert unanswered == []
        nowhere = await client.get("/api/v1/nowhere", headers={"Authorization": f"Bearer {world.token}"})
        assert (nowhere.status_code, nowhere.content) == (404, b""), "the platform says no more of it either"


async def test_the_tag_of_a_public_repository_names_a_commit(world: World) -> None:
    async with client_of(world) as vers:
        _, commit = await committed(vers)
        await vers.repositories.create("pi-agent")
        await vers.repositories.tags("pi-agent").create("latest", commit)
        with pytest.raises(RepositoryNotFound):
            await vers.repositories.public_tags("embedded", "pi-agent")
        await vers.repositories.set_public("pi-agent", True)
        assert [tag.tag_name for tag in await vers.repositories.public_tags("embedded", "pi-agent")] == ["latest"]
        assert (await vers.repositories.public_tag("embedded/pi-agent:latest")).commit_id == commit
        with pytest.raises(TagNotFound):
            await vers.repositories.public_tag("embedded/pi-agent:other")
        for wrong in ("pi-agent:latest", "embedded/pi-agent", "a/b/c:d", "/x:y"):
            with pytest.raises(UsageError):
                await vers.repositories.public_tag(wrong)


async def test_the_platform_says_its_version_without_a_key(world: World) -> None:
    async with VersClient("http://fleet.test/api/v1", "no key", transport=world.transport) as vers:
        assert "embedded" in await vers.version()
