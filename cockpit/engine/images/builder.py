"""Building a golden image: a VM of its own, the recipe's steps on it, a last look for secrets, then the commit."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace

from cockpit.agents.scaffold.answers import AgentState, parse_facts
from cockpit.agents.scaffold.scripts import facts_script
from cockpit.engine.commands.booting import until_running
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.registration import left_there
from cockpit.engine.images import scripts
from cockpit.engine.images.description import described, image_of
from cockpit.engine.images.steps import SCRIPT_LIMIT, bring_about
from cockpit.engine.images.tagging import tag_latest
from cockpit.engine.operation import OperationProgress
from cockpit.engine.sites import left_behind, take_up
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.engine.vm_shell import VmShell
from cockpit.errors import CockpitError, Refused, UsageError
from cockpit.model.commands.images import BuildImage
from cockpit.model.ids import CommitId, VmId
from cockpit.model.images import GoldenImage, ImageFacts, plain_version
from cockpit.model.keys import KEY_FORMS
from cockpit.model.recipe import Recipe
from cockpit.model.size import VmSize
from cockpit.vers.errors import CommitNotFound, VersError

log = logging.getLogger(__name__)

IMAGE_LABEL = "swarm-cockpit-image"
"""Label of a VM on which the image of this name is being built: a build that was left goes on there."""

SEARCH_LIMIT = 300.0
"""Seconds the last look for secrets may take: it reads every file there is."""

IMAGE_FILE = ".swarm/image.json"
"""Relative to the home directory: what image a VM was restored from, for whoever is there."""

MIN_SECRET = 8
"""Characters a value must have to be looked for: a shorter one stands everywhere."""


@dataclass(frozen=True, slots=True)
class _Site:
    """The VM of a build."""

    vm: VmId
    shell: VmShell
    shares_host: bool

    @property
    def extent(self) -> str:
        """What of it a commit holds, in the word of our scripts."""
        return "home" if self.shares_host else "whole"


class ImageBuilder:
    """Builds images, and patches them."""

    def __init__(
        self,
        fleet_state: FleetState,
        source: Source,
        creations: Creations,
        agent_sessions: AgentSessions,
    ) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._creations = creations
        self._agent_sessions = agent_sessions

    async def build(self, command: BuildImage, progress: OperationProgress) -> CommitId:
        """Build an image, or go on with the build of it that was left.

        Raises:
            CockpitError: a step failed; the VM stays, and the same command goes on there.
        """
        recipe = command.recipe or (self._source.recipe() if self._source.recipe is not None else None)
        if recipe is None:
            raise UsageError("there is no recipe of golden images here", hint="name one with --recipe")
        if unknown := [name for name in command.again if name not in {step.name for step in recipe.steps}]:
            raise UsageError(f"the recipe has no step {unknown[0]!r}", hint="`cockpit images recipe` lists its steps")
        vm_id = await self._site(command, progress)
        shell = VmShell(lambda: self._agent_sessions.connect(vm_id))
        site = _Site(vm_id, shell, self._source.shares_host)
        try:
            with progress.step("boot"):
                await until_running(self._fleet_state, self._source, vm_id)
            with progress.step("connect"):
                await shell.connection()
            lacks = await self._do_steps(recipe, command, site, progress)
            with progress.step("look for secrets"):
                await self._refuse_secrets(site)
                progress.detail("none found")
            with progress.step("take stock"):
                facts = await self._take_stock(recipe, command, site, lacks)
                progress.detail(_stock(facts))
            with progress.step("commit"):
                await self._refuse_live_agent(site)
                await shell.run(scripts.CLEAR, timeout=SCRIPT_LIMIT)
                text = described(command.description or recipe.description, facts)
                commit_id = await self._source.vers.commit(vm_id, name=command.name, description=text)
                progress.detail(commit_id)
        except CockpitError as error:
            verb = f"patch {command.base}" if command.base else f"build {command.name}"
            more = f"`cockpit images {verb}` goes on from there, `cockpit destroy {vm_id}` gives it up"
            error.hint = f"{error.hint}; {more}" if error.hint else more
            raise
        finally:
            await shell.close()
        with progress.step("tag"):
            progress.detail(await tag_latest(self._source.vers, command.name, commit_id))
        with progress.step("delete the VM it was built on"):
            await self._delete(vm_id, progress)
        return commit_id

    async def _site(self, command: BuildImage, progress: OperationProgress) -> VmId:
        """Return the VM that an earlier build of this image left, or a new one."""
        with progress.step("VM"):
            left = await left_behind(self._source, IMAGE_LABEL, _site_label(command))
            called = f"image {command.name}"
            vm_id = await take_up(self._fleet_state, self._source, called, left, lambda: self._make(command))
            progress.detail(f"goes on with {vm_id}, which an earlier build left" if left else vm_id)
        return vm_id

    async def _make(self, command: BuildImage) -> VmId:
        vers, labels = self._source.vers, {IMAGE_LABEL: _site_label(command)}
        origin = f"commit {command.base}" if command.base else "image"
        async with self._creations.written_down("build", command.name, origin, None) as request:
            if command.base is None:
                # What it is built with, every agent has that is restored from it.
                return await vers.create_root(command.size or VmSize(), labels=labels, request=request)
            vm_id = await vers.from_commit(command.base)
        try:
            await vers.add_labels(vm_id, labels)
        except VersError as error:
            log.info("VM %s carries no label of the image that is built there: %s", vm_id, error)
        return vm_id

    async def _do_steps(
        self, recipe: Recipe, command: BuildImage, site: _Site, progress: OperationProgress
    ) -> tuple[str, ...]:
        """Do the recipe's steps; return the names of those whose result is not there and cannot be brought about."""
        lacks: list[str] = []
        for step in recipe.steps:
            with progress.step(step.name):
                again = step.name in command.again
                done = await bring_about(
                    step, site.shell, shares_host=site.shares_host, again=again, tell=progress.detail
                )
                progress.detail(done.words)
                if done.lacking:
                    lacks.append(step.name)
        return tuple(lacks)

    async def _refuse_secrets(self, site: _Site) -> None:
        """Refuse an image in which a value that is known to be a secret stands, or what looks like a key.

        Raises:
            Refused: it does; names the files, never what is in them.
        """
        values = sorted(
            {value for value in self._source.hidden_on(site.vm) if len(value) >= MIN_SECRET and "\n" not in value}
        )
        done = await site.shell.run(
            scripts.LOOK_FOR_SECRETS,
            site.extent,
            *(form for _, form in KEY_FORMS),
            stdin="".join(f"{value}\n" for value in values).encode(),
            timeout=SEARCH_LIMIT,
        )
        if done.exit_code != 0:
            raise Refused(f"VM {site.vm} could not be searched for secrets: {done.stderr.decode(errors='replace')}")
        found = done.stdout.decode("utf-8", "backslashreplace").split("\n")
        files = [name.removeprefix("./") for name in found if name]
        if files:
            raise Refused(
                f"the image would hold a key or token, in {', '.join(files)}: every copy would have it",
                hint="add its removal to the recipe's last step, or remove it on the VM",
            )

    async def _take_stock(self, recipe: Recipe, command: BuildImage, site: _Site, lacks: tuple[str, ...]) -> ImageFacts:
        """Find out what is in the image, and leave a note of it there."""
        versions: dict[str, str] = {}
        for program in {program.command: program for program in self._source.programs if program.command}.values():
            script = facts_script(program.command, program.environment.get("PATH", ""))
            done = await site.shell.run(script, timeout=SCRIPT_LIMIT)
            versions |= parse_facts(done.exit_code, done.stdout, done.stderr, place=f"VM {site.vm}").versions
        done = await site.shell.run(scripts.USED, site.extent, timeout=SCRIPT_LIMIT)
        used = done.stdout.decode(errors="replace").strip()
        before = await self._before(command.base) if command.base else None
        number = (before.facts.number if before.facts is not None else 1) + 1 if before is not None else 1
        facts = ImageFacts(
            versions=tuple(sorted((name, plain_version(version)) for name, version in versions.items() if version)),
            used_bytes=int(used) * 1024 if used.isdecimal() else 0,
            number=number,
            origin=command.base or "",
            recipe=recipe.digest,
            lacks=lacks,
        )
        note = {"name": command.name, "number": number, "recipe": recipe.digest, "versions": dict(facts.versions)}
        made = await site.shell.run('mkdir -p -m 700 -- "$HOME/.swarm" && cat >"$HOME/$1"', IMAGE_FILE,
                                    stdin=json.dumps(note).encode(), timeout=SCRIPT_LIMIT)  # fmt: skip
        if made.exit_code != 0:
            log.warning("VM %s keeps no note of its image: %s", site.vm, made.stderr.decode(errors="replace"))
        return facts

    async def _before(self, base: CommitId) -> GoldenImage | None:
        try:
            found = await self._source.vers.commits.one(base)
        except CommitNotFound:
            return None  # One of another account: it can be restored, and is not listed.
        return image_of(found.id, found.name, found.created_at, found.description)

    async def _refuse_live_agent(self, site: _Site) -> None:
        """Refuse to commit a VM on which an agent lives: its environment and its files would be in every copy.

        Raises:
            Refused: one does.
        """
        for directory in dict.fromkeys((self._source.usual_directory(site.vm), *self._source.known_on(site.vm))):
            paths = replace(self._source.paths, directory=directory)
            found = await left_there(await site.shell.connection(), paths, site.vm)
            if found.state is AgentState.ALIVE:
                raise Refused(
                    f"an agent lives at {directory} on VM {site.vm}: every copy would have its keys and its words",
                    hint="end it there first",
                )

    async def _delete(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Delete the VM; an image that is there is not lost because its builder stays."""
        try:
            await self._source.vers.delete(vm_id)
        except VersError as error:
            log.error("VM %s, on which an image was built, could not be deleted: %s", vm_id, error)
            progress.detail(f"VM {vm_id} stays: {error.message}")
            self._fleet_state.notice(f"VM {vm_id}, on which an image was built, could not be deleted: {error.message}")
            return
        await self._agent_sessions.vm_gone(vm_id)


def _site_label(command: BuildImage) -> str:
    """Return what a VM's label says of the build: a patch is another one than the building of the same name."""
    return f"{command.name} from {command.base}" if command.base else command.name


def _stock(facts: ImageFacts) -> str:
    said = [f"{program} {version}" for program, version in facts.versions]
    used = f"{facts.used_bytes / 1_000_000:,.0f} MB in use" if facts.used_bytes else ""
    lacks = f"without {', '.join(facts.lacks)}" if facts.lacks else ""
    return " · ".join(word for word in (*said, used, lacks) if word)
