"""The client against a platform that fails in every way: lost answers, limits, garbage, the newer dialect."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cockpit.model.ids import CommitId, VmId
from cockpit.net.retry_after import retry_after
from cockpit.vers.client import VersClient
from cockpit.vers.errors import (
    ApiUnreachable,
    BadAnswer,
    CommitNotFound,
    CreationUncertain,
    RateLimited,
    VersError,
    VmAsleep,
    VmBooting,
)
from tests.embedded.api.fakes import World, make_world

VM = VmId("0f9e8d7c-6b5a-4948-8372-615049382716")
KEY = "9a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32
ASLEEP = "The requested VM is not currently running (node_id is null); is it sleeping?"


class Rests:
    """Waits that take no time and are remembered."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def scripted(*answers: httpx.Response | Exception) -> tuple[VersClient, list[httpx.Request], Rests]:
    """Return a client whose platform gives these answers in turn."""
    left: Iterator[httpx.Response | Exception] = iter(answers)
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rests = Rests()
    transport = httpx.MockTransport(handle)
    return VersClient("https://api.test/api/v1", KEY, transport=transport, rest=rests, jitter=lambda: 1.0), seen, rests


class Losing(httpx.AsyncBaseTransport):
    """Passes requests on to the embedded application, but spoils the answer of those that match."""

    def __init__(self, world: World, pattern: str, spoil: Callable[[], httpx.Response], *, late: int = 0) -> None:
        self._inner = world.transport
        self._pattern = re.compile(pattern)
        self._spoil = spoil
        self._late = late
        self._held: list[httpx.Request] = []
        self.times = 1
        self.done = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._held and request.method == "GET" and request.url.path.endswith("/vms"):
            if self._late == 0:
                await self._inner.handle_async_request(self._held.pop())
            self._late -= 1
        if self.times and self._pattern.fullmatch(f"{request.method} {request.url.path}"):
            self.times -= 1
            self.done += 1
            await request.aread()
            if self._late:
                self._held.append(request)
            else:
                await (await self._inner.handle_async_request(request)).aread()
            return self._spoil()
        return await self._inner.handle_async_request(request)


def unavailable() -> httpx.Response:
    return httpx.Response(503, content=b"503 Service unavailable")


def timed_out() -> httpx.Response:
    return httpx.Response(408)


def broken() -> httpx.Response:
    raise httpx.ReadError("connection reset by peer")


def garbage() -> httpx.Response:
    return httpx.Response(201, content=b"<html>ok</html>", headers={"content-type": "text/html"})


def node_timeout() -> httpx.Response:
    return httpx.Response(500, json={"error": "http error: network timeout", "success": False})


def losing_client(
    pattern: str, spoil: Callable[[], httpx.Response], **options: Any
) -> tuple[World, Losing, VersClient]:
    world = make_world()
    transport = Losing(world, pattern, spoil, **options)
    client = VersClient("http://fleet.test/api/v1", world.token, transport=transport, rest=Rests())
    return world, transport, client


LOSSES = [unavailable, timed_out, broken, garbage, node_timeout]


@pytest.mark.parametrize("spoil", LOSSES)
async def test_a_created_vm_is_found_again_by_its_label(spoil: Callable[[], httpx.Response]) -> None:
    world, transport, client = losing_client("POST .*/new_root", spoil)
    vm_id = await client.create_root()
    assert list(world.hosting.sandboxes) == [vm_id] and transport.done == 1


@pytest.mark.parametrize("spoil", LOSSES)
async def test_a_restored_vm_is_perhaps_ours(spoil: Callable[[], httpx.Response]) -> None:
    """A restore carries no label: what appeared meanwhile may be somebody else's, from the same commit."""
    world, _, client = losing_client("POST .*/from_commit", spoil)
    commit = await client.commit(await client.create_root())
    earlier = set(world.hosting.sandboxes)
    with pytest.raises(CreationUncertain, match="perhaps ours") as raised:
        await client.from_commit(commit)
    assert set(world.hosting.sandboxes) == earlier | set(raised.value.candidates)
    assert len(raised.value.candidates) == 1 and commit in raised.value.evidence
    assert [call[0] for call in world.hosting.calls].count("restore") == 1


async def test_a_branch_of_several_is_perhaps_ours() -> None:
    world, _, client = losing_client("POST .*/by_vm/.*", unavailable)
    vm_id = await client.create_root()
    with pytest.raises(CreationUncertain) as raised:
        await client.branch(vm_id, count=3)
    assert {vm_id, *raised.value.candidates} == set(world.hosting.sandboxes) and len(raised.value.candidates) == 3


async def test_work_that_ends_after_the_lost_answer_is_found() -> None:
    world, _, client = losing_client("POST .*/new_root", timed_out, late=3)
    assert await client.create_root() in world.hosting.sandboxes


async def test_work_that_never_shows_is_said_to_be_uncertain() -> None:
    world, transport, client = losing_client("POST .*/from_commit", timed_out, late=99)
    commit = await client.commit(await client.create_root())
    with pytest.raises(CreationUncertain, match="may exist") as raised:
        await client.from_commit(commit)
    assert raised.value.candidates == () and transport.done == 1
    assert [call[0] for call in world.hosting.calls].count("restore") == 0


async def test_two_like_calls_are_not_confused() -> None:
    world, _, client = losing_client("POST .*/from_commit", unavailable)
    commit = await client.commit(await client.create_root())
    made = await asyncio.gather(*(client.from_commit(commit) for _ in range(3)), return_exceptions=True)
    ids = [vm for vm in made if isinstance(vm, str)]
    assert len(set(ids)) == len(ids) == 2 and set(ids) <= set(world.hosting.sandboxes)
    assert [call[0] for call in world.hosting.calls].count("restore") == 3
    assert [type(failure) for failure in made if not isinstance(failure, str)] == [CreationUncertain]


async def test_a_lost_commit_is_never_taken_for_complete() -> None:
    world, _, client = losing_client("POST .*/commit", broken)
    vm_id = await client.create_root()
    with pytest.raises(CreationUncertain, match="before its copy is complete") as raised:
        await client.commit(vm_id, name="x")
    assert list(raised.value.candidates) == list(world.hosting.commits)


async def test_a_refusal_is_looked_after_once() -> None:
    client, seen, rests = scripted(
        httpx.Response(200, json=[]),
        httpx.Response(404, json={"error": "commit not found", "success": False}),
        httpx.Response(200, json=[]),
    )
    with pytest.raises(CommitNotFound):
        await client.from_commit(CommitId("c"))
    assert len(seen) == 3 and rests.seconds == []


async def test_a_call_that_never_left_is_sent_again() -> None:
    client, seen, _ = scripted(
        httpx.Response(200, json=[]),
        httpx.ConnectError("refused"),
        httpx.Response(201, json={"vm_id": VM}),
        httpx.Response(200, json=[{"vm_id": VM}]),
    )
    assert await client.create_root() == VM
    assert [request.method for request in seen] == ["GET", "POST", "POST", "GET"]


async def test_reading_is_tried_again_with_growing_waits() -> None:
    client, seen, rests = scripted(unavailable(), httpx.ReadError("reset"), httpx.Response(200, json=[]))
    assert await client.list_vms() == ()
    assert len(seen) == 3 and rests.seconds == [0.5, 1.0]


async def test_reading_gives_up_and_says_so() -> None:
    client, _, _ = scripted(*(httpx.ReadError("reset by peer") for _ in range(3)))
    with pytest.raises(ApiUnreachable, match="after 3 attempts: reset by peer"):
        await client.list_vms()
    client, _, _ = scripted(*(timed_out() for _ in range(3)))
    with pytest.raises(ApiUnreachable, match="408 without a text"):
        await client.list_vms()


async def test_retry_after_is_obeyed_and_bounded() -> None:
    client, _, rests = scripted(httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(200, json=[]))
    await client.list_vms()
    assert rests.seconds == [7.5]
    client, _, rests = scripted(httpx.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimited):
        await client.list_vms()
    assert rests.seconds == []


async def test_even_a_creation_is_sent_again_after_429() -> None:
    client, seen, _ = scripted(
        httpx.Response(200, json=[]),
        httpx.Response(429),
        httpx.Response(201, json={"vm_id": VM}),
        httpx.Response(200, json=[{"vm_id": VM}]),
    )
    assert await client.create_root() == VM and len(seen) == 4


def test_dates_of_retry_after() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("soon") is None and retry_after("") is None and retry_after("²") is None


async def test_the_newer_word_for_pause_is_learnt_once() -> None:
    start = "Failed to deserialize the JSON body into the target type: state: "
    text = f"{start}unknown variant `Paused`, expected `Sleeping` or `Running`"
    client, seen, _ = scripted(httpx.Response(422, text=text), httpx.Response(200), httpx.Response(200))
    await client.set_power(VM, paused=True)
    await client.set_power(VM, paused=True)
    assert [json.loads(request.content)["state"] for request in seen] == ["Paused", "Sleeping", "Sleeping"]


async def test_the_newer_path_of_the_list_is_learnt_once() -> None:
    client, seen, _ = scripted(httpx.Response(404), httpx.Response(200, json=[]), httpx.Response(200, json=[]))
    await client.list_vms()
    await client.list_vms()
    assert [request.url.path for request in seen] == ["/api/v1/vms", "/api/v1/vm", "/api/v1/vm"]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (409, ASLEEP, VmAsleep),
        (500, f"VM {VM} is not finished booting. Try again shortly.", VmBooting),
        (409, f"VM {VM} is not finished booting. Try again shortly.", VmBooting),
    ],
)
async def test_states_hidden_in_texts(status: int, text: str, kind: type[VersError]) -> None:
    client, _, _ = scripted(httpx.Response(status, json={"error": text, "success": False}))
    with pytest.raises(kind, match=VM):
        await client.ssh_key(VM)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, json={"message": "hello"}),
        httpx.Response(200, json=[1, 2]),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
    ],
)
async def test_garbage_is_called_garbage(answer: httpx.Response) -> None:
    client, seen, _ = scripted(answer)
    with pytest.raises(BadAnswer, match="could not list the VMs"):
        await client.list_vms()
    assert len(seen) == 1


async def test_a_broken_key_answer_does_not_quote_the_key() -> None:
    client, _, _ = scripted(httpx.Response(200, json={"ssh_private_key": ["SECRET"]}))
    with pytest.raises(BadAnswer, match="ssh_private_key") as raised:
        await client.ssh_key(VM)
    assert "SECRET" not in str(raised.value) and raised.value.__cause__ is None


async def test_a_silent_platform_is_given_up() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    transport = httpx.MockTransport(silent)
    async with VersClient("http://x/api/v1", KEY, transport=transport, timeout=0.02, rest=Rests()) as client:
        with pytest.raises(ApiUnreachable, match=r"no complete answer within 0\.02 s"):
            await client.list_vms()
