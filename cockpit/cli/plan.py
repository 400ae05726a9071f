"""The work of the verbs about plans."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath
from typing import Any

from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, everybody, nobody, require_health
from cockpit.cli.output import print_json, print_table
from cockpit.cli.rehearsal import rehearse
from cockpit.cli.texts import read_text
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.ages import MINUTE, span_text
from cockpit.model.commands.plan import CreatePlan, HoldPlan, PlanCommand, RunPlan, StepPlan, TakePlanned
from cockpit.model.plan.acts import words_of
from cockpit.model.plan.check import findings
from cockpit.model.plan.draft import KEEP, TEAR_DOWN, Reading
from cockpit.model.plan.marks import KEY, task_named, value_of
from cockpit.model.plan.plan import Plan, PlanFault
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.read import read_plan
from cockpit.model.plan.schedule import TaskState
from cockpit.model.plan.structured import read_data
from cockpit.model.plan.words import dispatcher_words, last_words, least_minutes, standing, workers_words
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

STEP_LIMIT = 180.0
"""Seconds one step gets: to hand a task over takes as long as an agent needs to take it."""


@dataclass(frozen=True, slots=True)
class PlanRun:
    """How a plan is to be run."""

    at_once: int | None = None
    vms: int | None = None
    keeps: bool | None = None
    """The workers made for it stay when it is done; None leaves it as it is."""
    detach: bool = False
    """Leave the handing out to another cockpit."""
    timeout: float | None = None
    """Seconds until this verb ends, done or not."""
    dry_run: bool = False
    as_json: bool = False


# --- reading ---------------------------------------------------------------------------------------------


def _read(file: str, name: str) -> Reading:
    text = read_text("FILE", file)
    stem = "plan" if file == "-" else PurePath(file).stem
    reading = _from_json(text, stem) if text.lstrip()[:1] in ("{", "[") else read_plan(text, stem)
    if name and reading.plan is not None:
        return Reading(replace(reading.plan, name=name))
    return reading


def _from_json(text: str, name: str) -> Reading:
    """Read what begins as JSON does; TOML may begin so, too."""
    try:
        return read_data(json.loads(text), name)
    except (ValueError, RecursionError) as error:
        reading = read_plan(text, name)
        if reading.plan is not None:
            return reading
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        return Reading(None, (PlanFault(line, f"it is no JSON: {error}"),))


def check(file: str, name: str, as_json: bool) -> int:
    """Print what is wrong with a plan, and what should be better; wrong usage if it is none."""
    reading = _read(file, name)
    plan = reading.plan
    found = findings(plan) if plan is not None else ()
    if as_json:
        faults = [asdict(fault) for fault in reading.faults]
        tasks = [asdict(task) for task in plan.tasks] if plan is not None else []
        called = plan.name if plan is not None else None
        print_json({"name": called, "tasks": tasks, "faults": faults, "findings": [asdict(one) for one in found]})
    for fault in reading.faults:
        warn(our_text("cockpit: {}: {}", file, str(fault)))
    if plan is not None and not as_json:
        for one in found:
            say(our_line("{}: {}", file, str(one)))
        words = "nothing should be better" if not found else f"{len(found)} things should be better"
        say(our_line("{}: {} tasks, {}", plan.name, len(plan.tasks), words))
    return ExitCode.DONE if plan is not None else ExitCode.USAGE


def plan_from(file: str, name: str, at_once: int | None, vms: int | None, keeps: bool | None = None) -> Plan:
    """Return the plan of a file.

    Raises:
        UsageError: it is none; says each fault with its line.
    """
    reading = _read(file, name)
    if reading.plan is None:
        told = "\n".join(f"  {fault}" for fault in reading.faults)
        raise UsageError(f"{file} is no plan:\n{told}")
    settings = reading.plan.settings
    settings = settings if at_once is None else replace(settings, at_once=at_once)
    settings = settings if vms is None else replace(settings, vms=vms)
    settings = settings if keeps is None else replace(settings, keeps=keeps)
    return replace(reading.plan, settings=settings)


def keeps_in(word: str) -> bool | None:
    """Return whether a plan's own workers stay when it is done, as it was typed; None if nothing was.

    Raises:
        UsageError: it is another word.
    """
    if word not in ("", KEEP, TEAR_DOWN):
        raise UsageError(f"--workers {word}: say {KEEP} or {TEAR_DOWN}")
    return word == KEEP if word else None


# --- acting ----------------------------------------------------------------------------------------------


async def create(headless: Headless, plan: Plan, source: str, dry_run: bool, as_json: bool) -> int:
    """Put a plan on the board."""
    for one in findings(plan):
        warn(our_line("{}", str(one)))
    async with headless.engine(nobody, watch=not dry_run) as engine:
        command = CreatePlan(plan, source)
        if dry_run:
            titles = "\n".join(f"  {task.title}" for task in plan.tasks)
            what = our_text("create plan {} of {} tasks:\n{}", plan.name, len(plan.tasks), titles)
            return rehearse(engine, command, what, as_json, {"tasks": [asdict(task) for task in plan.tasks]})
        if await _failed(engine, command):
            return ExitCode.FAILED
        await engine.until(lambda: _known(engine, plan.name) is not None, headless.left())
        _print(engine, _named(engine, plan.name), as_json)
    return ExitCode.DONE


async def run_plan(headless: Headless, name: str, how: PlanRun) -> int:
    """Let a plan run, and hand its tasks out until it is done, held, or the time is over."""
    attached = nobody if how.detach or how.dry_run else everybody
    async with headless.engine(attached, watch=not how.dry_run) as engine:
        await _with_board(engine, headless)
        status = _named(engine, name)
        command = RunPlan(name, how.at_once, how.vms, keeps=how.keeps)
        if how.dry_run:
            acts = [words_of(act) for act in status.outlook.acts]
            what = our_text("run plan {}; next:\n{}", name, "\n".join(f"  {act}" for act in acts))
            return rehearse(engine, command, what, how.as_json, {"next": acts})
        refused = engine.refusal(command)
        if (refused is None or refused.code is not RefusalCode.ALREADY) and await _failed(engine, command):
            return ExitCode.FAILED
        if how.detach:
            await engine.until(lambda: standing(_named(engine, name)) not in ("held", "not begun"), headless.left())
            _print(engine, _named(engine, name), how.as_json)
            return ExitCode.DONE
        return await _until_done(engine, name, how)


async def _until_done(engine: HeadlessPort, name: str, how: PlanRun) -> int:
    """Hand out, and say what changes, until a plan has come to its end."""
    engine.coordination.plans.hand_out(name)
    ends = engine.now() + how.timeout if how.timeout is not None else None
    told: dict[str, str] = {}
    while True:
        revision = engine.revision
        status = _named(engine, name)
        _tell_changes(status, told)
        ended = status.plan.head.status == "done"
        if ended or (ends is not None and engine.now() >= ends):
            _print(engine, status, how.as_json)
            return ExitCode.DONE if ended else ExitCode.TIMED_OUT
        left = 1.0 if ends is None else min(1.0, ends - engine.now())
        await engine.until(lambda seen=revision: engine.revision != seen, left)  # type: ignore[misc]


def _tell_changes(status: PlanStatus, told: dict[str, str]) -> None:
    """Say on standard error what has changed of a plan."""
    for one in status.outlook.tasks:
        who = f" ({one.who})" if one.who else ""
        stops = one.state in (TaskState.BLOCKED, TaskState.ASKING, TaskState.STOPPED, TaskState.REVIEW)
        words = f"{one.state.value}{who}{f': {one.reason}' if stops and one.reason else ''}"
        if told.get(one.task.id) != words and one.state is not TaskState.WAITING:
            warn(our_line("{}: {}", one.task.title, words))
        told[one.task.id] = words
    if status.trouble and told.get("") != status.trouble:
        warn(our_line("cockpit: {}: {}", status.plan.name, status.trouble))
    told[""] = status.trouble


async def hold(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Hold a plan."""
    return await _simple(headless, name, HoldPlan(name), f"hold plan {name}", dry_run, as_json)


async def step(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Have a plan do one thing, here or in the cockpit that hands its tasks out."""
    async with headless.engine(nobody if dry_run else everybody, watch=not dry_run) as engine:
        await _with_board(engine, headless)
        acts = [words_of(act) for act in _named(engine, name).outlook.acts[:1]]
        command = StepPlan(name)
        if dry_run:
            what = our_line("do one step of plan {}: {}", name, acts[0] if acts else "nothing is next")
            return rehearse(engine, command, what, as_json, {"next": acts})
        await engine.settled(headless.left())
        if await _failed(engine, command):
            return ExitCode.FAILED
        engine.coordination.plans.hand_out(name)

        def done() -> bool:
            status = _named(engine, name)
            giving = any(one.state is TaskState.GIVING for one in status.outlook.tasks)
            return status.plan.runs and not (status.plan.steps or giving)

        came = await engine.until(done, STEP_LIMIT)
        await engine.idle()
        _print(engine, _named(engine, name), as_json)
        if not came:
            warn(our_line("cockpit: nothing was done within {:.0f} s; the step stays allowed", STEP_LIMIT))
    return ExitCode.DONE if came else ExitCode.TIMED_OUT


async def take(headless: Headless, name: str, word: str, back: bool, dry_run: bool, as_json: bool) -> int:
    """Take a task of a plan over, or give it back."""
    async with headless.engine(nobody, watch=not dry_run) as engine:
        await _with_board(engine, headless)
        found = task_named(_named(engine, name).plan, word)
        if len(found) != 1:
            many = f"{len(found)} tasks" if found else "no task"
            hint = f"`cockpit plan status {name}` lists them"
            raise NotFound(f"plan {name} has {many} called {word}", hint=hint)
        command = TakePlanned(found[0].id, back)
        what = our_line("{} {}", "give back" if back else "take over", found[0].title)
        if dry_run:
            return rehearse(engine, command, what, as_json)
        if await _failed(engine, command):
            return ExitCode.FAILED
        taken = TaskState.TAKEN

        def shown() -> bool:
            tasks = _named(engine, name).outlook.tasks
            return any(one.task.id == command.task and (one.state is taken) is not back for one in tasks)

        await engine.until(shown, headless.left())
        _print(engine, _named(engine, name), as_json)
    return ExitCode.DONE


async def _simple(headless: Headless, name: str, command: PlanCommand, what: str, dry_run: bool, as_json: bool) -> int:
    async with headless.engine(nobody, watch=not dry_run) as engine:
        await _with_board(engine, headless)
        _named(engine, name)
        if dry_run:
            return rehearse(engine, command, our_line("{}", what), as_json)
        refused = engine.refusal(command)
        if refused is not None and refused.code is RefusalCode.ALREADY:
            warn(our_text("{}", refused.sentence))
        elif await _failed(engine, command):
            return ExitCode.FAILED
        await engine.until(lambda: _named(engine, name).plan.held, headless.left())
        _print(engine, _named(engine, name), as_json)
    return ExitCode.DONE


async def _failed(engine: HeadlessPort, command: PlanCommand) -> bool:
    """Carry a command out; say why it failed, if it did."""
    if refused := engine.disabled_reason(command):
        raise Refused(refused)
    return say_failed(await carry_out_all(engine, [command]))


# --- seeing ----------------------------------------------------------------------------------------------


async def _with_board(engine: HeadlessPort, headless: Headless) -> None:
    """Wait until the board was read.

    Raises:
        Refused: it does not answer.
    """
    await engine.until(lambda: engine.fleet.service("board") is not None, headless.left())
    require_health(engine, "board")


def _known(engine: HeadlessPort, name: str) -> PlanStatus | None:
    return next((status for status in engine.coordination.plans.known() if status.plan.name == name), None)


def _named(engine: HeadlessPort, name: str) -> PlanStatus:
    found = _known(engine, name)
    if found is None:
        names = ", ".join(status.plan.name for status in engine.coordination.plans.known())
        raise NotFound(f"there is no plan {name} on the board", hint=f"there is {names}" if names else "there is none")
    return found


async def status(headless: Headless, name: str, as_json: bool) -> int:
    """Print a plan."""
    async with headless.engine(everybody) as engine:
        await _with_board(engine, headless)
        await engine.settled(min(5.0, headless.left()))
        _print(engine, _named(engine, name), as_json)
    return ExitCode.DONE


async def list_plans(headless: Headless, as_json: bool) -> int:
    """Print all plans."""
    async with headless.engine(nobody) as engine:
        await _with_board(engine, headless)
        known = engine.coordination.plans.known()
        if as_json:
            print_json([_object(one) for one in known])
            return ExitCode.DONE
        rows = [
            (one.plan.name, standing(one), f"{one.outlook.done}/{len(one.outlook.tasks)}", f"{one.outlook.at_work}")
            for one in known
        ]
        print_table(("PLAN", "STANDS", "DONE", "AT WORK"), rows)
    return ExitCode.DONE


def _object(status: PlanStatus) -> dict[str, Any]:
    plan, found = status.plan, status.outlook
    return {
        "name": plan.name,
        "source": status.source,
        "stands": standing(status),
        "head": plan.head.id,
        **asdict(plan.settings),
        "held": plan.held,
        "done": found.done,
        "total": len(found.tasks),
        "at_work": found.at_work,
        "here": status.here,
        "trouble": status.trouble or None,
        "least_minutes": least_minutes(status),
        "next": [words_of(act) for act in found.acts],
        "doubles": [task.id for task in plan.doubles],
        "tasks": [
            {
                "id": one.task.id,
                "key": value_of(one.task, KEY),
                "title": one.task.title,
                "state": one.state.value,
                "who": one.who or None,
                "reason": one.reason or None,
                "after": list(one.task.dependencies),
            }
            for one in found.tasks
        ],
    }


def _print(engine: HeadlessPort, status: PlanStatus, as_json: bool) -> None:
    if as_json:
        print_json(_object(status))
        return
    found, settings = status.outlook, status.plan.settings
    minutes = least_minutes(status)
    words = [
        f"{found.done} of {len(found.tasks)} done",
        f"{found.at_work} of {settings.at_once} at work",
        f"at least {span_text(minutes * MINUTE)} more by its own minutes" if minutes is not None else "",
        workers_words(settings),
        dispatcher_words(status),
    ]
    say(our_line("{}: {} · {}", status.plan.name, standing(status), " · ".join(word for word in words if word)))
    rows = [(one.task.title, one.state.value, one.who or "-", one.reason) for one in found.tasks]
    print_table(("TASK", "STANDS", "WHO", "WHY"), rows)
    for line in last_words(status.plan):
        say(our_line("{}", line))
    if len(status.plan.doubles):
        warn(our_line("{} tasks are there twice and done by nobody", len(status.plan.doubles)))
