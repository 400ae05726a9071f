"""The work of the verbs about commits and repositories: list, show, name, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, confirmed
from cockpit.cli.headless import Headless, nearest, nobody, require_health
from cockpit.cli.origins import commit_named
from cockpit.cli.output import print_json, print_table
from cockpit.cli.rehearsal import rehearse, would
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.accounts import CommitList, CommitView, RepositoryView
from cockpit.model.ages import age_text
from cockpit.model.dependants import dependants_of
from cockpit.model.fleet import Fleet
from cockpit.model.health import VM_LIST
from cockpit.model.images import GoldenImage
from cockpit.model.platform import ChangeCommit, ChangeRepository, DeleteCommit, TagCommit, Untag
from cockpit.model.size import bytes_text
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


async def list_commits(headless: Headless, public: bool, as_json: bool) -> int:
    """Print the commits, newest first, and say what is missing of them."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        listed = await engine.platform.commits(public=public)
        if as_json:
            print_json([commit_object(commit) for commit in listed.commits])
        else:
            rows = [_row(commit, engine.now()) for commit in listed.commits]
            print_table(("COMMIT", "NAME", "AGE", "SIZE", "PARENT", "TAGS", "DESCRIPTION"), rows)
    return _say_missing(listed)


def _row(commit: CommitView, now: float) -> tuple[str, ...]:
    return (
        commit.id,
        commit.name or "-",
        age_text(now - commit.created_at) if commit.created_at else "-",
        bytes_text(commit.size_bytes) or commit.size.brief or "?",
        commit.parent[:8] or "-",
        " ".join(commit.tags) or "-",
        commit.description or "-",
    )


def _say_missing(listed: CommitList) -> int:
    for reason in listed.missing:
        warn(our_text("cockpit: {}: this is not all of it", reason))
    return ExitCode.PARTIAL if listed.missing else ExitCode.DONE


def commit_object(commit: CommitView) -> dict[str, Any]:
    """Return a commit for JSON; null where the platform does not say."""
    return {
        "commit_id": commit.id,
        "source": commit.source,
        "name": commit.name,
        "description": commit.description,
        "created_at": commit.created_at,
        "public": commit.public,
        "parent_vm": commit.parent_vm or None,
        "parent_commit": commit.parent or None,
        "tags": list(commit.tags),
        "size_bytes": commit.size_bytes or None,
        "vcpus": commit.size.vcpus or None,
        "memory_mib": commit.size.memory_mib or None,
        "disk_mib": commit.size.disk_mib or None,
    }


async def show(headless: Headless, text: str, as_json: bool) -> int:
    """Print one commit with what it came from."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        commit = await commit_named(engine, text)
        parents = await engine.platform.lineage(commit)
        if as_json:
            print_json({**commit_object(commit), "parents": [commit_object(parent) for parent in parents]})
        else:
            rows = [_row(one, engine.now()) for one in (commit, *parents)]
            print_table(("COMMIT", "NAME", "AGE", "SIZE", "PARENT", "TAGS", "DESCRIPTION"), rows)
    return ExitCode.DONE


async def change(headless: Headless, text: str, wanted: ChangeCommit, dry_run: bool, as_json: bool) -> int:
    """Give a commit another name, description or visibility."""
    if wanted.name is None and wanted.description is None and wanted.public is None:
        raise UsageError("nothing is to be changed", hint="give a name, --description, --public or --private")
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        commit = await commit_named(engine, text)
        command = replace(wanted, commit=commit.id, source=commit.source)
        if dry_run:
            words = [
                our_line("{} {}", word, value)
                for word, value in (("name", wanted.name), ("description", wanted.description))
                if value is not None
            ]
            if wanted.public is not None:
                words.append(ours("everybody may see it") if wanted.public else ours("the organisation alone sees it"))
            what = our_line("change commit {}: {}", commit.id, "; ".join(words))
            return rehearse(engine, command, what, as_json, {"commit_id": commit.id})
        await carry_out(engine, command)
        if as_json:
            print_json(commit_object(await commit_named(engine, commit.id)))
    return ExitCode.DONE


async def tag(headless: Headless, text: str, name: str, move: bool, dry_run: bool, as_json: bool) -> int:
    """Give a commit a name."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        commit = await commit_named(engine, text)
        command = TagCommit(commit.id, name, move, commit.source)
        if dry_run:
            listed = (await engine.platform.commits()).commits
            holder = next((one.id for one in listed if name in one.tags and one.id != commit.id), None)
            if holder is not None and not move:
                raise Refused(f"cannot tag commit {commit.id}: {name} is a name of commit {holder}", hint="--move")
            taken = our_line(", and take it from commit {}", holder) if holder is not None else ours("")
            what = our_line("tag commit {} as {}{}", commit.id, name, taken)
            return rehearse(engine, command, what, as_json, {"commit_id": commit.id, "taken_from": holder})
        await carry_out(engine, command)
        if as_json:
            print_json(commit_object(await commit_named(engine, commit.id)))
    return ExitCode.DONE


async def untag(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Remove a name; the commit stays."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        if dry_run:
            commit = await commit_named(engine, name)
            if name not in commit.tags:
                raise NotFound(f"there is no tag {name}", hint=nearest(name, commit.tags))
            what = our_line("remove the name {} of commit {}; the commit stays", name, commit.id)
            return rehearse(engine, Untag(name), what, as_json, {"commit_id": commit.id})
        await carry_out(engine, Untag(name))
        if as_json:
            print_json({"untagged": name})
    return ExitCode.DONE


async def change_repository(headless: Headless, command: ChangeRepository, dry_run: bool, as_json: bool) -> int:
    """Make a repository, or change who may see it."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        if dry_run:
            known = command.name in {one.name for one in await engine.platform.repositories()}
            if known is (command.public is None):
                fault = f"there is {'a' if known else 'no'} repository {command.name}{' already' if known else ''}"
                raise Refused(fault) if known else NotFound(fault)
            act = "make" if command.public is None else "show to everybody" if command.public else "hide"
            what = our_line("{} repository {}", act, command.name)
            return rehearse(engine, command, what, as_json)
        await carry_out(engine, command)
        if as_json:
            found = await engine.platform.repositories()
            print_json(next((_repository_object(one) for one in found if one.name == command.name), None))
    return ExitCode.DONE


async def delete(headless: Headless, text: str, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete a commit after naming it, what else names it, and who lives of it."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        commit = await commit_named(engine, text)
        await engine.platform.learn()
        command = DeleteCommit(commit.id, commit.source)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot delete commit {text}: {refused}")
        lost = _losses(commit, engine.fleet, await engine.golden.look())
        if dry_run:
            if as_json:
                made = [vm.id for vm in engine.fleet.vms if vm.parent_commit == commit.id]
                print_json({**commit_object(commit), "vms": made, "lost": lost})
            else:
                say(our_text("would delete commit {} ({})", commit.id, commit.name or "no name"))
                for said in lost:
                    say(our_line("  {}", said))
            return ExitCode.DONE
        called = commit.name or commit.id
        said = "; ".join(lost) or "nothing else names it"
        warning = our_line("This deletes commit {} ({}); {}. It cannot be undone.", commit.id, called, said)
        if not yes and not confirmed(f"delete commit {commit.id} ({called})", warning, commit.id[:8]):
            return ExitCode.FAILED
        await carry_out(engine, command)
        if as_json:
            print_json({"deleted": commit.id})
    return ExitCode.DONE


def _losses(commit: CommitView, fleet: Fleet, images: Sequence[GoldenImage]) -> list[str]:
    said = [f"its names {', '.join(commit.tags)} go with it"] if commit.tags else []
    return [*said, *dependants_of(commit.id, fleet, images)]


async def list_repositories(headless: Headless, public: bool, as_json: bool) -> int:
    """Print the repositories with their tags."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        found = await engine.platform.repositories(public=public)
    if as_json:
        print_json([_repository_object(one) for one in found])
    else:
        rows = [
            (
                one.name,
                "public" if one.public else "private",
                " ".join(f"{name}={commit[:8]}" for name, commit in one.tags) or "-",
                one.description or "-",
            )
            for one in found
        ]
        print_table(("REPOSITORY", "SEEN BY", "TAGS", "DESCRIPTION"), rows)
    return ExitCode.DONE


async def list_tags(headless: Headless, name: str, as_json: bool) -> int:
    """Print the tags of a repository with their commits, also of a public one."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        found = await engine.platform.tags(name)
    if as_json:
        print_json([{"tag": tag, "commit_id": commit, "reference": f"{name}:{tag}"} for tag, commit in found])
    else:
        print_table(("TAG", "COMMIT", "REFERENCE"), [(tag, commit, f"{name}:{tag}") for tag, commit in found])
    return ExitCode.DONE


def _repository_object(one: RepositoryView) -> dict[str, Any]:
    return {"name": one.name, "description": one.description, "public": one.public, "tags": dict(one.tags)}


async def delete_repository(headless: Headless, name: str, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete a repository with its tags after naming them; the commits stay."""
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        found = await engine.platform.repositories()
        one = next((one for one in found if one.name == name), None)
        if one is None:
            raise NotFound(f"there is no repository {name}", hint=nearest(name, (one.name for one in found)))
        what = f"repository {name} with {len(one.tags)} tags"
        if dry_run:
            gone = our_line("delete {}: {}", what, " ".join(tag for tag, _ in one.tags) or "it is empty")
            return would(gone, as_json, {"tags": dict(one.tags)})
        if not yes and not confirmed(f"delete {what}", our_line("This deletes {}; the commits stay.", what), name):
            return ExitCode.FAILED
        await carry_out(engine, ChangeRepository(name, delete=True))
        if as_json:
            print_json({"deleted": name})
    return ExitCode.DONE
