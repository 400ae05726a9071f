"""Every act, answered with every status, done or not done: what is claimed is what a look at the platform shows."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cockpit.model.ids import CommitId, VmId
from cockpit.vers.errors import (
    ApiKeyRefused,
    BadAnswer,
    CreationUncertain,
    EffectUnknown,
    RateLimited,
    VersError,
    VmNotFound,
)
from tests.vers.sick import COMMIT, VM, SickApi, own

PAGE = "<!doctype html><html><h1>Sorry</h1></html>"
ANSWERS: dict[str, httpx.Response | Exception] = {
    "401 text": httpx.Response(401, text="no"),
    "403 text": httpx.Response(403, text="403 Forbidden"),
    "403 own": own(403, "Forbidden"),
    "404 own": own(404, "not found"),
    "404 page": httpx.Response(404, html=PAGE),
    "404 foreign": httpx.Response(404, json={"message": "no Route matched"}),
    "400": httpx.Response(400, text="bad"),
    "408": httpx.Response(408),
    "409 own": own(409, "busy"),
    "418 page": httpx.Response(418, html=PAGE),
    "422": httpx.Response(422, text="what"),
    "429": httpx.Response(429),
    "302": httpx.Response(302, headers={"location": "https://elsewhere.test"}),
    "500 own": own(500, "db error: x"),
    "500 timeout": own(500, "http error: network timeout"),
    "500 page": httpx.Response(500, html=PAGE),
    "502": httpx.Response(502, text="502 Bad Gateway"),
    "503": httpx.Response(503, text="503 Service unavailable"),
    "504": httpx.Response(504),
    "502 page": httpx.Response(502, html=PAGE),
    "503 own": own(503, "no host answers"),
    "503 empty": httpx.Response(503),
    "504 page": httpx.Response(504, html=PAGE),
    "500 empty": httpx.Response(500),
    "500 foreign": httpx.Response(500, json={"message": "upstream"}),
    "500 list": httpx.Response(500, json=[]),
    "500 no copies": httpx.Response(500, json={"vms": [], "error": "no host"}),
    "reset": httpx.ReadError("connection reset by peer"),
    "cut": httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    "200 page": httpx.Response(200, html=PAGE),
    "200 empty": httpx.Response(200),
    "204": httpx.Response(204),
    "200 half": httpx.Response(201, content=b'{"vms": [{"vm_id"', headers={"content-type": "application/json"}),
    "200 null": httpx.Response(200, json=None),
    "200 word": httpx.Response(200, json="done"),
    "200 list": httpx.Response(200, json=[]),
    "200 ok": httpx.Response(200, json={"ok": True}),
    "200 refusal": own(200, "no host answers"),
    "200 nothing": httpx.Response(200, json={"vms": []}),
    "200 number": httpx.Response(200, json={"vm_id": 5, "commit_id": 5}),
    "200 other names": httpx.Response(200, json={"vms": [{"id": VM}], "commit": {"id": COMMIT}}),
}
every_answer = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
CREATING = ("create", "restore", "branch")


async def act(api: SickApi, name: str) -> object:
    """Do one act over a sick platform."""
    client = api.client()
    await client.list_vms()
    match name:
        case "create":
            return await client.create_root()
        case "restore":
            return await client.from_commit(CommitId(COMMIT))
        case "branch":
            return (await client.branch(VmId(VM))).vms[0]
        case "commit":
            return await client.commit(VmId(VM))
        case "delete":
            await client.delete(VmId(VM))
        case _:
            await client.set_power(VmId(VM), name == "pause")
    return None


@every_answer
async def test_a_vm_that_is_gone_is_called_deleted(answer: httpx.Response | Exception) -> None:
    api = SickApi(works=True, answer=answer)
    await act(api, "delete")
    assert api.vms == {}


@every_answer
async def test_a_vm_that_lives_is_never_called_deleted(answer: httpx.Response | Exception) -> None:
    api = SickApi(works=False, answer=answer)
    with pytest.raises(VersError, match=r"(still there|but the list shows).*status says running") as raised:
        await act(api, "delete")
    assert not isinstance(raised.value, EffectUnknown)


@every_answer
@pytest.mark.parametrize("works", [True, False])
async def test_behind_a_proxy_that_answers_every_look_a_deletion_is_unknown(
    answer: httpx.Response | Exception, works: bool
) -> None:
    api = SickApi(works=works, answer=answer, blind=True)
    with pytest.raises(VersError) as raised:
        await act(api, "delete")
    if not isinstance(raised.value, ApiKeyRefused | RateLimited):
        assert isinstance(raised.value, EffectUnknown), raised.value
        assert "whether it is gone is unknown" in str(raised.value)
        assert "not the API’s own answer" in str(raised.value)


@every_answer
@pytest.mark.parametrize("name", ["pause", "resume"])
async def test_power_is_what_the_state_says(answer: httpx.Response | Exception, name: str) -> None:
    if not (isinstance(answer, httpx.Response) and answer.is_success):
        for works in (True, False):
            api = SickApi(works=works, answer=answer)
            api.vms[VM]["state"] = "running" if name == "pause" else "paused"
            if works:
                await act(api, name)
            else:
                with pytest.raises(VersError, match=f"status says {api.vms[VM]['state']}"):
                    await act(api, name)
        api = SickApi(answer=answer, blind=True)
        with pytest.raises(VersError) as raised:
            await act(api, name)
        assert isinstance(raised.value, EffectUnknown | ApiKeyRefused | RateLimited)


@every_answer
async def test_a_created_vm_is_known_by_its_label_alone(answer: httpx.Response | Exception) -> None:
    api = SickApi(answer=answer, stranger=True)
    if isinstance(answer, httpx.Response) and answer.status_code == 429:
        # It may come again after a refusal of the limiter; where each did the work after all, none is chosen.
        with pytest.raises(CreationUncertain, match="carries the label of this call"):
            await act(api, "create")
        return
    made = await act(api, "create")
    assert isinstance(made, str) and api.vms[made]["labels"] and len(api.acts) == 1


@every_answer
@pytest.mark.parametrize("name", CREATING)
async def test_a_strangers_vm_is_never_taken(answer: httpx.Response | Exception, name: str) -> None:
    api = SickApi(works=False, answer=answer, stranger=True)
    with pytest.raises(CreationUncertain, match="perhaps ours") as raised:
        await act(api, name)
    assert set(raised.value.candidates) == set(api.vms) - {VM}


@every_answer
@pytest.mark.parametrize("name", ["restore", "branch"])
async def test_what_a_lost_copy_made_is_perhaps_ours(answer: httpx.Response | Exception, name: str) -> None:
    api = SickApi(answer=answer)
    with pytest.raises(CreationUncertain, match="perhaps ours") as raised:
        await act(api, name)
    assert set(raised.value.candidates) == set(api.vms) - {VM}


@every_answer
@pytest.mark.parametrize("name", [*CREATING, "commit"])
async def test_nothing_made_is_a_failure_or_uncertain(answer: httpx.Response | Exception, name: str) -> None:
    with pytest.raises(VersError) as raised:
        await act(SickApi(works=False, answer=answer), name)
    ended = isinstance(answer, httpx.Response) and answer.status_code in (403, 404, 409, 500)
    if ended and '"success":false' in _text(answer) and "timeout" not in _text(answer):
        assert not isinstance(raised.value, CreationUncertain)


def _text(answer: httpx.Response | Exception) -> str:
    return answer.text if isinstance(answer, httpx.Response) else ""


@every_answer
async def test_a_commit_that_was_made_is_named_and_not_trusted(answer: httpx.Response | Exception) -> None:
    api = SickApi(answer=answer)
    with pytest.raises(CreationUncertain) as raised:
        await act(api, "commit")
    assert list(raised.value.candidates) == list(api.commits)


@pytest.mark.parametrize("name", CREATING)
async def test_an_answer_that_names_an_old_vm_is_not_believed(name: str) -> None:
    api = SickApi(works=False, answer=httpx.Response(201, json={"vm_id": VM}))
    with pytest.raises(CreationUncertain, match="was there before"):
        await act(api, name)


NAMED = "4f9e8d7c-6b5a-4948-8372-615049382716"
"""A VM, or a commit, that an answer names and nothing else knows."""

NAMING = {
    "new": httpx.Response(201, json={"vms": [{"vm_id": NAMED}]}),
    "old": httpx.Response(200, json={"vm_id": NAMED}),
    "failed": httpx.Response(500, json={"vms": [{"vm_id": NAMED}], "error": "the second host is full"}),
}


@pytest.mark.parametrize("answer", NAMING.values(), ids=NAMING)
@pytest.mark.parametrize("name", CREATING)
async def test_a_vm_that_is_named_and_is_not_there_was_not_made(answer: httpx.Response, name: str) -> None:
    with pytest.raises(CreationUncertain, match="is not there") as raised:
        await act(SickApi(works=False, answer=answer), name)
    assert NAMED not in raised.value.candidates


@pytest.mark.parametrize("answer", NAMING.values(), ids=NAMING)
async def test_what_was_made_is_found_by_its_label_where_the_answer_names_another(answer: httpx.Response) -> None:
    api = SickApi(answer=answer)
    made = await act(api, "create")
    assert isinstance(made, str) and made in api.vms and api.vms[made]["labels"]


@pytest.mark.parametrize("answer", NAMING.values(), ids=NAMING)
@pytest.mark.parametrize("name", CREATING)
async def test_a_look_that_tells_nothing_leaves_it_at_what_the_answer_names(answer: httpx.Response, name: str) -> None:
    assert await act(SickApi(answer=answer, blind=True), name) == NAMED


async def test_copies_that_nobody_could_look_for_are_said_to_be_unseen() -> None:
    unseen = await SickApi(blind=True).client().branch(VmId(VM))
    assert "the list cannot be had" in unseen.unseen
    assert not (await SickApi().client().branch(VmId(VM))).unseen


async def test_a_branch_that_names_fewer_copies_than_were_ordered_says_so() -> None:
    api = SickApi()
    result = await api.client().branch(VmId(VM), count=2)
    assert len(result.vms) == 1 and result.vms[0] in api.vms
    assert "names 1 of 2" in result.error


@pytest.mark.parametrize("name", CREATING)
async def test_an_answer_that_names_more_than_was_ordered_is_not_believed(name: str) -> None:
    api = SickApi(works=False)
    other = api.client()
    await other.list_vms()
    api.stranger = True
    named = [NAMED, "5f9e8d7c-6b5a-4948-8372-615049382716"]
    api.answer = httpx.Response(201, json={"vms": [{"vm_id": vm_id} for vm_id in named]})
    with pytest.raises(CreationUncertain, match="names 2 VMs where 1"):
        await act(api, name)


@pytest.mark.parametrize("works", [True, False])
async def test_a_commit_that_is_named_and_not_listed_is_not_believed(works: bool) -> None:
    api = SickApi(works=works, answer=httpx.Response(201, json={"commit_id": NAMED}))
    with pytest.raises(CreationUncertain, match="is not among the commits") as raised:
        await act(api, "commit")
    assert list(raised.value.candidates) == list(api.commits)


async def test_a_commit_that_nobody_could_look_for_is_unknown() -> None:
    api = SickApi(works=False, blind=True)
    with pytest.raises(CreationUncertain, match="could not be looked for"):
        await api.client().commit(VmId(VM))


@pytest.mark.parametrize("parent", [VM.upper(), ""])
async def test_a_commit_is_found_however_its_parent_is_written(parent: str) -> None:
    api = SickApi(answer=own(500, "db error: x"))
    handle = api._act

    def acted(method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        answer = handle(method, path, body)
        for commit in api.commits.values():
            commit["parent_vm_id"] = parent
        return answer

    api._act = acted  # type: ignore[method-assign]
    with pytest.raises(CreationUncertain) as raised:
        await act(api, "commit")
    assert list(raised.value.candidates) == list(api.commits)


@every_answer
@pytest.mark.parametrize("works", [True, False])
async def test_a_pause_in_the_other_word_is_what_the_state_says_too(
    answer: httpx.Response | Exception, works: bool
) -> None:
    """A server that knows the word `Sleeping` only refuses the first try, and the second one's answer may be lost."""
    if isinstance(answer, httpx.Response) and answer.is_success:
        return
    api = SickApi(works=works, answer=answer)
    handle = api._act

    def acted(method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        api.answer = answer
        if method == "PATCH" and body["state"] == "Paused":
            api.answer = httpx.Response(422, text="unknown variant `Paused`, expected `Running` or `Sleeping`")
            return api.answer
        return handle(method, path, {**body, "state": "Paused"})

    api._act = acted  # type: ignore[method-assign]
    if works:
        await act(api, "pause")
        assert api.vms[VM]["state"] == "paused"
    else:
        with pytest.raises(VersError, match="status says running"):
            await act(api, "pause")


async def test_an_answer_about_another_vm_tells_nothing() -> None:
    api = SickApi()
    other = api.add()
    client = api.client()
    look = api._look
    api._look = lambda path: look(path.replace(VM, other))  # type: ignore[method-assign]
    with pytest.raises(BadAnswer, match=f"answers for another VM, {other}"):
        await client.status(VmId(VM))
    with pytest.raises(BadAnswer, match=f"answers for another VM, {other}"):
        await client.metadata(VmId(VM))


async def test_a_vm_nobody_ever_knew_is_not_found() -> None:
    api = SickApi(answer=own(403, "Forbidden"))
    with pytest.raises(VmNotFound, match="no such VM"):
        await api.client().delete(VmId("3f9e8d7c-6b5a-4948-8372-615049382716"))
