"""The verbs that say what an agent changed in its workspace, carry it here, and bring a kept state back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import connected, is_paused
from cockpit.cli.courses import carry_out_all, part_object, parts_of, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import said_yes
from cockpit.cli.headless import Headless, only, require_health
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.ages import span_text
from cockpit.model.changes.diff import FileChange
from cockpit.model.changes.report import Base, Changes, RepositoryChanges, Since, base_words
from cockpit.model.changes.turns import turns_of
from cockpit.model.commands.work import BeginTask, RestoreFiles
from cockpit.model.dwelling import whose_words
from cockpit.model.fleet import Agent
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line, our_text
from cockpit.text.streams import output_is_terminal, say, warn, write_raw


@dataclass(frozen=True, slots=True)
class Compared:
    """What is to be compared with what."""

    since: str = "task"
    against: str = ""
    turn: str = ""
    place: str = ""
    stat: bool = False

    @property
    def base(self) -> Base:
        """What the workspace is compared with."""
        if self.turn:
            return Base(Since.TURN, self.turn)
        if self.since in (Since.TASK, Since.PROMPT, Since.LOOKED, Since.START):
            return Base(Since(self.since))
        return Base(Since.COMMIT, self.since)


@asynccontextmanager
async def with_agents(headless: Headless, *names: str) -> AsyncIterator[tuple[HeadlessPort, tuple[Agent, ...]]]:
    """Run an engine that is connected to the named agents, and yields them in their order.

    Raises:
        NotFound: there is no such agent.
        Refused: one is paused, or cannot be reached in time.
    """
    async with headless.engine(only(*names), watch=True, record=False) as engine:
        agents = tuple(engine.agent_named(name) for name in names)
        for agent in agents:
            if is_paused(engine, agent):
                raise Refused(
                    f"{whose_words(agent.name, engine.fleet.vm(agent.vm_id))} is paused",
                    hint=f"cockpit resume {agent.name}",
                )
            await connected(engine, agent.id, headless.left())
        yield engine, agents


async def changes(headless: Headless, name: str, wanted: Compared, as_json: bool) -> int:
    """Print what changed."""
    names = (name, wanted.against) if wanted.against else (name,)
    async with with_agents(headless, *names) as (engine, agents):
        if wanted.against:
            found = await engine.work.changes.against(agents[0].id, agents[1].id)
        else:
            found = await engine.work.changes.look(agents[0].id, wanted.base, place=wanted.place)
        if as_json:
            output.print_json(changes_object(found, hunks=not wanted.stat))
        else:
            for line in _lines(found, wanted):
                say(line)
            if not (wanted.stat or wanted.against or wanted.turn or wanted.place):
                await engine.work.changes.looked(found)
        unknown = [one for one in found.repositories if one.fault]
        for one in unknown:
            warn(our_text("cockpit: {} of {}: {}", one.place, name, one.fault))
    if not unknown:
        return ExitCode.DONE
    return ExitCode.PARTIAL if len(unknown) < len(found.repositories) else ExitCode.FAILED


async def turns(headless: Headless, name: str, as_json: bool) -> int:
    """List the states that were kept; exit code 1 if there are none."""
    async with with_agents(headless, name) as (engine, (agent,)):
        found = await engine.work.changes.look(agent.id, Base())
    kept = turns_of(found.snapshots)
    if as_json:
        output.print_json(
            [
                {"key": one.key, "kind": one.kind, "at": one.at, "said": one.said, "places": list(one.places)}
                for one in kept
            ]
        )
    elif kept:
        rows = [
            (one.key, one.kind, span_text(found.vm_now - one.at), ", ".join(one.places) or "-", one.said)
            for one in kept
        ]
        output.print_table(("KEY", "KEPT AT", "AGE", "CHANGED", "TEXT"), rows)
    else:
        warn(our_text("cockpit: nothing was kept of the workspace of {} yet", name))
    return ExitCode.DONE if kept else ExitCode.FAILED


async def begin(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Say that a task begins now."""
    async with with_agents(headless, name) as (engine, (agent,)):
        command = BeginTask(agent.id)
        if dry_run:
            what = our_line("begin a task of {} with what its workspace holds now", agent.name)
            return rehearse(engine, command, what, as_json, {"vm_id": agent.vm_id})
        receipts = await carry_out_all(engine, [command])
    if as_json:
        output.print_json({"name": agent.name, "vm_id": agent.vm_id, "stage": receipts[0].stage.value})
    return ExitCode.FAILED if say_failed(receipts) else ExitCode.DONE


async def patch(headless: Headless, name: str, wanted: Compared, into: Path | None, dry_run: bool) -> int:
    """Write a patch to standard output, or apply it to a checkout here."""
    async with with_agents(headless, name) as (engine, (agent,)):
        work = engine.work.changes
        place = wanted.place or await _only_place(engine, agent, wanted)
        if into is not None:
            size = await work.apply_patch(agent.id, wanted.base, place, into, only_check=dry_run)
            done = "would fit" if dry_run else "was applied to"
            say(our_line("{} bytes of {} of {}: the patch {} {}", size, place, agent.name, done, str(into)))
            return ExitCode.DONE
        data = await work.patch(agent.id, wanted.base, place)
    if output_is_terminal():
        for line in data.decode("utf-8", "backslashreplace").splitlines():
            say(clean_line(line))
    else:
        write_raw(data)
    if not data:
        warn(our_text("cockpit: {} of {} did not change", place, name))
        return ExitCode.FAILED
    return ExitCode.DONE


async def _only_place(engine: HeadlessPort, agent: Agent, wanted: Compared) -> str:
    """Return the one repository that changed.

    Raises:
        UsageError: there are several, or none.
    """
    found = await engine.work.changes.look(agent.id, wanted.base)
    places = [one.place for one in found.repositories if one.files]
    if len(places) == 1:
        return places[0]
    there = ", ".join(places)
    raise UsageError(
        f"{len(places)} repositories of {agent.name} changed: {there}" if places else f"{agent.name} changed nothing",
        hint="name one with --place" if places else "another --since may tell more",
    )


async def restore(
    headless: Headless, name: str, key: str, *, now: bool, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """Bring a kept state back; what would change is said first, and asked."""
    async with with_agents(headless, name) as (engine, (agent,)):
        require_health(engine, "vers")
        command = RestoreFiles(agent.id, key, now)
        if refusal := engine.disabled_reason(command):
            raise Refused(f"cannot restore files of {agent.name}: {refusal}")
        if not yes or dry_run:
            lost = await _lost(engine, agent, key)
            if dry_run and as_json:
                output.print_json(lost)
            else:
                say(our_line("{} goes back to {}:", agent.name, key))
                for place, words in lost.items():
                    say(our_line("  {}: {}", place, words))
            if dry_run:
                return ExitCode.DONE
            question = ours("Restore these files? What they are now is kept first.")
            if not said_yes(f"restore files of {agent.name}", question):
                return ExitCode.FAILED
        receipts = await carry_out_all(engine, [command])
        parts = parts_of(engine, receipts)
        if as_json:
            output.print_json([part_object(part) | {"undo": part.output} for part in parts])
        else:
            for part in parts:
                say(our_line("{} {}: {}", part.target, part.outcome, part.words))
            if undo := next((part.output for part in parts if part.output), ""):
                say(our_line("undo: cockpit restore-turn {} {}", agent.name, undo))
    return ExitCode.FAILED if say_failed(receipts) else ExitCode.DONE


async def _lost(engine: HeadlessPort, agent: Agent, key: str) -> dict[str, str]:
    """Return what would change in each repository that has a state.

    Raises:
        NotFound: none has it.
    """
    found = await engine.work.changes.look(agent.id, Base(Since.SNAPSHOT, key))
    told = {
        one.place: one.fault or f"{len(one.files)} files differ, +{one.added} -{one.removed} since then"
        for one in found.repositories
        if one.base or one.fault
    }
    if all(one.fault for one in found.repositories):
        raise NotFound(f"{agent.name} has no state {key}", hint=f"cockpit changes {agent.name} --turns")
    return told


def changes_object(found: Changes, *, hunks: bool) -> dict[str, Any]:
    """Return changes as JSON has them."""
    return {
        "since": found.base.since.value,
        "name": found.base.name,
        "against": found.against or None,
        "at": found.at,
        "files": found.files,
        "added": found.added,
        "removed": found.removed,
        "repositories": [_repository_object(one, hunks) for one in found.repositories],
    }


def _repository_object(one: RepositoryChanges, hunks: bool) -> dict[str, Any]:
    return {
        "place": one.place,
        "branch": one.branch or None,
        "head": one.head or None,
        "upstream": one.upstream or None,
        "ahead": one.ahead,
        "behind": one.behind,
        "midst": one.midst or None,
        "base": one.base,
        "base_how": one.base_how,
        "base_at": one.base_at or None,
        "now": one.now,
        "cut": one.cut,
        "left_out": list(one.left_out),
        "fault": one.fault or None,
        "files": [_file_object(file, hunks) for file in one.files],
    }


def _file_object(file: FileChange, hunks: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": file.status,
        "path": file.new,
        "old": file.old if file.old != file.new else None,
        "added": file.added,
        "removed": file.removed,
        "binary": file.binary,
        "sizes": list(file.sizes) if file.sizes is not None else None,
        "old_mode": file.old_mode or None,
        "new_mode": file.new_mode or None,
    }
    if hunks:
        told["whole"] = file.whole
        told["hunks"] = [
            {
                "old_start": hunk.old_start,
                "old_count": hunk.old_count,
                "new_start": hunk.new_start,
                "new_count": hunk.new_count,
                "heading": hunk.heading,
                "lines": [line.kind + line.text for line in hunk.lines],
            }
            for hunk in file.hunks
        ]
    return told


def _lines(found: Changes, wanted: Compared) -> Iterator[Clean]:
    for one in found.repositories:
        if one.fault:
            continue
        yield repository_line(one, found.against or wanted.base.name)
        for file in one.files:
            yield file_line(file)
        for name in one.left_out:
            yield our_line("? {}  too large to be kept: whether it changed is not told", name)
        if wanted.stat:
            continue
        for file in one.files:
            yield from _hunk_lines(file)


def repository_line(one: RepositoryChanges, name: str = "") -> Clean:
    """Name a repository, how it stands to its upstream, and what changed."""
    words = [one.place, one.branch or one.head[:8]]
    if one.midst:
        words.append(f"in the midst of a {one.midst}")
    if one.ahead or one.behind:
        words.append(f"{one.ahead} ahead, {one.behind} behind of {one.upstream}")
    number = f"{len(one.files)} file{'' if len(one.files) == 1 else 's'}"
    return our_line(
        "{}  {}: {} +{} -{}", " ".join(filter(None, words)), base_words(one, name), number, one.added, one.removed
    )


def file_line(file: FileChange) -> Clean:
    """Name a file and say what changed of it."""
    name = file.new if file.old == file.new else f"{file.old} → {file.new}"
    mode = f"  mode {file.old_mode} → {file.new_mode}" if file.old_mode and file.new_mode else ""
    numbers = "binary" if file.binary else f"+{file.added} -{file.removed}"
    if file.sizes is not None:
        numbers = f"{file.sizes[0]} → {file.sizes[1]} bytes"
    return our_line("{} {}  {}{}", file.status, name, numbers, mode)


def _hunk_lines(file: FileChange) -> Iterator[Clean]:
    if file.sizes is not None:
        return
    if file.hunks or not file.whole:
        yield ours("")
        yield our_line("=== {}", file.new)
    for hunk in file.hunks:
        places = f"-{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count}"
        yield our_line("@@ {} @@ {}", places, hunk.heading)
        for line in hunk.lines:
            yield our_line("{}{}", line.kind, line.text)
            if not line.ended:
                yield ours("\\ no line feed at the end")
    if not file.whole and not file.binary:
        yield ours("… not carried: name its repository with --place, or get it with --patch")
