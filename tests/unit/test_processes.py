"""Who gives up the start of a program goes on, and nothing of the program is left."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.processes import started


async def test_a_program_runs_as_it_was_told() -> None:
    process = await started("sh", "-c", "cat; exit 3", stdin=PIPE, stdout=PIPE)
    out, _ = await process.communicate(b"said")
    assert (out, process.returncode) == (b"said", 3)


async def test_what_cannot_be_started_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        await started("/no/such/program")


@pytest.mark.parametrize("session", [False, True])
async def test_who_gives_the_start_up_goes_on_and_leaves_nothing(session: bool) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}

    async def start() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()  # the next thing that is awaited is given up: the start
        script = "sleep 600; :" if session else "exec sleep 600"
        await started("sh", "-c", script, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=session)

    async with asyncio.timeout(30):
        ended = await asyncio.gather(*(start() for _ in range(10)), return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


async def test_a_start_that_does_not_survive_being_cancelled_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    start = asyncio.create_subprocess_exec
    goes_on, cancelled = asyncio.Event(), []

    async def slow(*words: str, **options: int) -> asyncio.subprocess.Process:
        try:
            await goes_on.wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return await start(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    task = asyncio.create_task(started("true", stdin=DEVNULL))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert cancelled == []
