"""What a script learns where only some of many went well: the exit code, who failed and why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import collect as collecting
from cockpit.cli import fan_out, standstill, teardown, texts, workers
from cockpit.cli.architects import spec_text
from cockpit.cli.choosing import Chosen, filter_named
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import everybody
from cockpit.cli.workers import tasks_given
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, ConfigError, NotFound, UsageError
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.desk import Arrangement, SavedFilter
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommandId, CommitId, OperationId, VmId, agent_of
from cockpit.model.images import GoldenImage
from cockpit.model.operation import Operation, Part
from cockpit.model.receipts.receipt import Stage
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

VMS = tuple(VmId(f"{letter * 8}-0000-4000-8000-000000000001") for letter in "abc")
ADA, BOB, CID = (
    Agent(agent_of(vm), name, AgentKind.WORKER, vm, link=Link(LinkState.UP), labels=("x",))
    for vm, name in zip(VMS, ("ada", "bob", "cid"), strict=True)
)
FLEET = Fleet(
    vms=tuple(Vm(vm, Power.RUNNING) for vm in VMS),
    agents=(ADA, BOB, CID),
    health=(ServiceHealth("vers", True, 0.0),),
    awaited=("vers",),
)


class Ending(HeadlessDouble):
    """Ends each command as a test says: with a reason it failed, and with parts it has many targets."""

    def __init__(self, failures: Mapping[str, str], parts: tuple[Part, ...] = ()) -> None:
        super().__init__(FLEET)
        self._failures = failures
        self._parts = parts

    def dispatch(self, command: Command) -> CommandId:
        """Take a command, and end it."""
        command_id = super().dispatch(command)
        target = command.name if isinstance(command, Spawn) else ""
        why = self._failures.get(target, "")
        operation = Operation(OperationId(command_id), "", target, 0.0, ended_at=1.0, error=why, parts=self._parts)
        others = tuple(known for known in self.fleet.operations if known.id != operation.id)
        stage = Stage.FAILED if why else Stage.DONE
        receipts = tuple(
            replace(known, stage=stage, reason=why) if known.id == command_id else known
            for known in self.fleet.receipts
        )
        self.change(replace(self.fleet, operations=(*others, operation), receipts=receipts))
        return command_id


@pytest.mark.parametrize(
    ("failures", "code"),
    [({}, ExitCode.DONE), ({"w-2": "no VM left"}, ExitCode.PARTIAL), ({"w-1": "a", "w-2": "b"}, ExitCode.FAILED)],
)
async def test_workers_that_fail_are_named_and_stop_no_other(
    failures: dict[str, str], code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Spawn("w", AgentKind.WORKER)
    engine = Ending(failures)
    assert await workers.spawn(HeadlessOnDouble(engine), wanted, 2, ("go",), False, True) == code
    said = capsys.readouterr()
    assert [one["error"] for one in json.loads(said.out)] == [failures.get("w-1"), failures.get("w-2")]
    assert all(f"{name}: {why}" in said.err for name, why in failures.items())
    assert [(one.name, one.task) for one in engine.ordered if isinstance(one, Spawn)] == [("w-1", "go"), ("w-2", "go")]


def part(name: str, outcome: str, **fields: object) -> Part:
    """Return what became of an agent."""
    return replace(Part(name, None, outcome, "why"), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("stopped", "frozen"), ExitCode.DONE),
        (("stopped", "unreachable"), ExitCode.PARTIAL),
        (("unreachable", "unreachable"), ExitCode.FAILED),
    ],
)
async def test_stopping_all_is_partial_where_somebody_is_out_of_reach(
    outcomes: tuple[str, ...], code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = tuple(part(name, outcome) for name, outcome in zip(("ada", "bob"), outcomes, strict=True))
    failed = {"": "some did not stop"} if "unreachable" in outcomes else {}
    assert await standstill.stop_all(HeadlessOnDouble(Ending(failed, parts)), 1.0, False, False) == code
    said = capsys.readouterr().out
    assert all(word in said for word in outcomes)


class Attaching(HeadlessOnDouble):
    """Tells which agents a verb connects to."""

    def __init__(self, engine: HeadlessDouble) -> None:
        super().__init__(engine)
        self.attached: list[str] = []

    @asynccontextmanager
    async def engine(
        self,
        attach: Callable[[Agent], bool] = everybody,
        *,
        watch: bool = False,
        record: bool = True,
        lists_only: bool = False,
        orders: bool = True,
    ) -> AsyncIterator[HeadlessPort]:
        """Give the double."""
        self.attached = [agent.name for agent in FLEET.agents if attach(agent)]
        async with super().engine(attach, watch=watch, record=record, lists_only=lists_only, orders=orders) as engine:
            yield engine


@pytest.mark.parametrize(("dry_run", "attached"), [(True, []), (False, ["ada", "bob", "cid"])])
async def test_saying_who_would_be_stopped_connects_to_nobody(dry_run: bool, attached: list[str]) -> None:
    headless = Attaching(Ending({}, ()))
    await standstill.stop_all(headless, 1.0, dry_run, False)
    assert headless.attached == attached
    await standstill.continue_all(headless, dry_run, False)
    assert headless.attached == attached


@pytest.mark.parametrize(
    ("became", "code"),
    [
        ((("ended", 0), ("ended", 0)), ExitCode.DONE),
        ((("ended", 0), ("ended", 2)), ExitCode.FAILED),
        ((("ended", 0), ("timed out", None)), ExitCode.PARTIAL),
        ((("unknown", None), ("unknown", None)), ExitCode.FAILED),
    ],
)
async def test_exit_codes_of_many_are_one(
    became: tuple[tuple[str, int | None], ...], code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    named = zip(("ada", "bob"), became, strict=True)
    parts = tuple(part(name, outcome, exit_code=exited) for name, (outcome, exited) in named)
    chosen = Chosen(names=("ada", "bob"))
    assert (
        await fan_out.on_agents(HeadlessOnDouble(Ending({}, parts)), chosen, "make", 1.0, dry_run=False, as_json=True)
        == code
    )
    assert [one["exit_code"] for one in json.loads(capsys.readouterr().out)] == [exited for _, exited in became]


@pytest.mark.parametrize("beside", [{"parent": "cid"}, {"label": "y"}, {"everyone": True}])
async def test_names_are_not_taken_beside_what_they_would_overrule(beside: dict[str, Any], tmp_path: Path) -> None:
    engine = Ending({})
    choice = Chosen(("ada",), **beside)
    with pytest.raises(UsageError, match="names exclude"):
        await fan_out.on_agents(HeadlessOnDouble(engine), choice, "make", 1.0, dry_run=False, as_json=True)
    with pytest.raises(UsageError, match="names exclude"):
        await collecting.collect(HeadlessOnDouble(engine), choice, tmp_path, (), True, True)
    assert engine.ordered == []


async def test_an_order_that_came_to_nobody_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Ending({"": "the history is full"})
    assert (
        await fan_out.on_agents(HeadlessOnDouble(engine), Chosen(("ada",)), "make", 1.0, dry_run=False, as_json=True)
        == ExitCode.FAILED
    )
    assert "the history is full" in capsys.readouterr().err


async def test_new_workers_take_an_image_by_its_name() -> None:
    engine = Ending({})
    image = CommitId("c0ffee00-0000-4000-8000-000000000001")
    engine.golden.known = (GoldenImage(image, "golden", 1.0),)
    wanted = Spawn("fan", AgentKind.WORKER, image=CommitId("golden"))
    with pytest.raises(CockpitError, match="none of 2 workers was made"):
        await fan_out.on_new_workers(
            HeadlessOnDouble(engine), wanted, "make", 1.0, fan_out.OnNew(2, False, False, False)
        )
    assert [one.image for one in engine.ordered if isinstance(one, Spawn)] == [image, image]


async def test_what_was_not_deleted_makes_a_teardown_partial() -> None:
    parts = (part("ada", "deleted"), part("bob", "kept"), part("cid", "deleted"))
    engine = Ending({"": "1 of 3 were not deleted"}, parts)
    code = await teardown.teardown(
        HeadlessOnDouble(engine), Chosen(label="x"), undo=False, yes=True, dry_run=False, as_json=True
    )
    assert code == ExitCode.PARTIAL
    with pytest.raises(UsageError, match="nobody is named"):
        await teardown.teardown(HeadlessOnDouble(engine), Chosen(), undo=False, yes=True, dry_run=False, as_json=True)


def files_below(place: Path) -> dict[str, str]:
    """Return the files of a directory with what they hold."""
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


async def test_collecting_names_what_was_missing_and_brings_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = HeadlessDouble(FLEET)
    engine.comparison.answers[ADA.id] = "forty-two"
    engine.files.content = {(ADA.id, "a/log.txt"): b"1\n", (BOB.id, "../../evil.txt"): b"2\n"}
    code = await collecting.collect(
        HeadlessOnDouble(engine), Chosen(names=("ada", "bob")), tmp_path, ("*.txt",), True, False
    )
    said = capsys.readouterr()
    assert code == ExitCode.PARTIAL
    assert "bob: it has answered nothing yet" in said.err and "evil.txt" in said.err
    assert files_below(tmp_path) == {"ada/answer.txt": "forty-two\n", "ada/files/a/log.txt": "1\n"}


async def test_collecting_does_not_wait_for_each_that_is_out_of_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = tuple(replace(one, link=Link(LinkState.CONNECTING, reason="no route")) for one in (BOB, CID))
    engine = HeadlessDouble(replace(FLEET, agents=(ADA, *lost)))
    engine.comparison.answers = {ADA.id: "one", BOB.id: "of nobody", CID.id: "of nobody"}
    for agent in lost:
        engine.output.records[agent.id] = []
    async with asyncio.timeout(1.8):  # the double gives one second of contact
        code = await collecting.collect(HeadlessOnDouble(engine), Chosen(everyone=True), tmp_path, ("*",), True, False)
    assert code == ExitCode.PARTIAL and files_below(tmp_path) == {"ada/answer.txt": "one\n"}
    said = capsys.readouterr().err
    assert all(f"{name} cannot be reached: no route" in said for name in ("bob", "cid"))


async def test_agents_of_one_name_do_not_take_each_others_place(tmp_path: Path) -> None:
    engine = HeadlessDouble(replace(FLEET, agents=(ADA, replace(BOB, name="ada"), CID)))
    engine.comparison.answers = {ADA.id: "one", BOB.id: "two", CID.id: "three"}
    choice = Chosen(everyone=True)
    assert await collecting.collect(HeadlessOnDouble(engine), choice, tmp_path, (), True, True) == ExitCode.DONE
    assert files_below(tmp_path) == {
        "ada-aaaaaaaa/answer.txt": "one\n",
        "ada-bbbbbbbb/answer.txt": "two\n",
        "cid/answer.txt": "three\n",
    }


async def test_what_has_no_place_here_keeps_nothing_else_from_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = HeadlessDouble(FLEET)
    engine.comparison.answers[ADA.id] = engine.comparison.answers[BOB.id] = "forty-two"
    engine.files.content = {(ADA.id, "a/x.txt"): b"1\n", (ADA.id, "b.txt"): b"2\n"}
    (tmp_path / "ada" / "files").mkdir(parents=True)
    (tmp_path / "ada" / "files" / "a").write_text("a file in the place of a directory")
    (tmp_path / "bob").write_text("another one")
    choice = Chosen(names=("ada", "bob"))
    code = await collecting.collect(HeadlessOnDouble(engine), choice, tmp_path, ("*.txt",), True, False)
    said = capsys.readouterr()
    assert code == ExitCode.PARTIAL
    assert "ada: a/x.txt: " in said.err and "bob: its answer: " in said.err and "File exists" in said.err
    found = files_below(tmp_path)
    assert (found["ada/answer.txt"], found["ada/files/b.txt"]) == ("forty-two\n", "2\n")


def test_a_text_without_an_end_is_no_task_and_no_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 1 << 20)
    for read in (lambda: tasks_given("", "/dev/zero"), lambda: spec_text("/dev/zero")):
        with pytest.raises(UsageError, match="more than 1 MiB"):
            read()
    with pytest.raises(ConfigError, match="no such home directory"):
        spec_text("~nobody-of-this-name/spec.md")


def test_tasks_come_from_one_place(tmp_path: Path) -> None:
    file = tmp_path / "tasks"
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        tasks_given("", str(file))
    file.write_text("\n \n")
    with pytest.raises(UsageError, match="no task in it"):
        tasks_given("", str(file))
    with pytest.raises(UsageError, match="exclude each other"):
        tasks_given("one", str(file))
    assert tasks_given("", "") == () and tasks_given(" one ", "") == ("one",)


async def test_a_filter_says_who_is_meant_by_words_or_by_its_name() -> None:
    engine = Ending({})
    engine.coordination.desk.arrangement = Arrangement(filters=(SavedFilter("mine", "name:ada"),))
    assert await filter_named(engine, "'mine") == "name:ada"
    assert await filter_named(engine, "kind:worker") == "kind:worker"
    with pytest.raises(NotFound, match="no filter is called 'other'"):
        await filter_named(engine, "'other")
    with pytest.raises(UsageError, match="did you mean name:"):
        await filter_named(engine, "nam:ada")
    assert [agent.name for agent in Chosen(line="name:ada").agents(engine)] == ["ada"]
    with pytest.raises(NotFound):
        Chosen(line="name:nobody").agents(engine)
