"""Spawn: from a command to an agent that answers, in steps that are shown as they happen."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.agents.adapter import Program
from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.answers import AgentState, Facts, ProbeResult, parse_start
from cockpit.agents.scaffold.environment import encode_environment
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import start_script
from cockpit.engine.agent_record import agent_from_spawn
from cockpit.engine.cockpit_id import cockpit_id
from cockpit.engine.commands.arrival import bootstrap, image_words, own_host_keys
from cockpit.engine.commands.booting import until_running
from cockpit.engine.commands.check_in import CheckIn
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.environment import environment_of, environment_words
from cockpit.engine.commands.giving_up import GivingUp
from cockpit.engine.commands.identity import IDENTITY_FILE, identity_of
from cockpit.engine.commands.instructions import INSTRUCTIONS_FILE, ReportsBy, instruct
from cockpit.engine.commands.launch_record import (
    as_before,
    details,
    first_path,
    found,
    golden_of,
    spawn_of,
)
from cockpit.engine.commands.names import Names
from cockpit.engine.commands.places import OwnPlaces
from cockpit.engine.commands.preparation import prepare
from cockpit.engine.commands.registration import left_there, register, remember, say_status
from cockpit.engine.commands.sizes import check_size
from cockpit.engine.commands.synchronisation import synchronise
from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.engine.vm_shell import VmShell
from cockpit.errors import CockpitError, Refused, UsageError
from cockpit.model.commands.life import Spawn
from cockpit.model.family import parent_vm_of
from cockpit.model.fleet import Activity, ActivityState, Agent, Power, Vm
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.names import NAME_LABEL
from cockpit.model.refusals.refusal import refusal
from cockpit.model.size import CHOSEN_SIZE, UNKNOWN_SIZE, VmSize
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

CONNECT_LIMIT = 60.0
START_LIMIT = 60.0
ANSWER_LIMIT = 45.0
"""Seconds for each step; the worst measured start is 3.8 s, and a busy machine needs patience."""


class Spawner:
    """Makes VMs and starts agents on them."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        creations: Creations,
        attach: Callable[[Agent], AgentSession],
        detach: Callable[[AgentId], None],
        attached: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._creations = creations
        self._attach = attach
        self._attached = attached
        self._giving_up = GivingUp(fleet_state, store, source, detach, attached)
        self.places = OwnPlaces(fleet_state, source)
        self.names = Names(fleet_state, store, source)

    async def spawn(self, spawn: Spawn, progress: OperationProgress) -> Agent:
        """Carry out a command. On a failure the VM it made is deleted again.

        Raises:
            CockpitError: a step failed; the operation shows which.
        """
        refused = refusal(spawn, self._fleet_state.snapshot(), self.places.facilities(spawn.name))
        if refused is not None:
            raise UsageError(f"cannot spawn {spawn.name}: {refused.sentence}", hint="change the command and try again")
        program = self._source.program(spawn.program)
        assert program is not None
        async with self.names.reserved(spawn.name):
            return await self._make(spawn, program, progress)

    async def _make(self, spawn: Spawn, program: Program, progress: OperationProgress) -> Agent:
        image = spawn.image or self._source.golden_image
        wanted = replace(spawn, program=program.name)
        source = f"commit {image}" if image else "image"
        async with self._creations.written_down("spawn", spawn.name, source, wanted) as request:
            return await self._make_written_down(spawn, program, request, progress)

    async def _make_written_down(
        self, spawn: Spawn, program: Program, request: str, progress: OperationProgress
    ) -> Agent:
        vm_id: VmId | None = None
        try:
            vm_id = await self._make_vm(spawn, request, progress)
            await self._creations.made(request, (vm_id,))
            return await self._bring_up(spawn, program, vm_id, progress)
        except BaseException as error:
            # Its id came from our own answer or carries our own label: nothing inferred is ever deleted.
            if vm_id is not None:
                kept = await self._giving_up.keep_output(vm_id, spawn.name, progress)
                await self._giving_up.delete(vm_id, progress)
                if kept and isinstance(error, CockpitError):
                    error.hint = f"its output is kept in {kept}"
            raise

    async def _make_vm(self, spawn: Spawn, request: str, progress: OperationProgress) -> VmId:
        image = spawn.image or self._source.golden_image
        hosted = self._source.plain_host is not None
        size = UNKNOWN_SIZE if image or hosted else spawn.size or VmSize()
        if not image and not hosted:
            with progress.step(f"check the size {size.text}"):
                await check_size(self._source.vers, size)
        making = f"make its home on {self._source.name}" if hosted else "create VM"
        with progress.step(f"restore image {image[:8]}" if image else making):
            if image:
                vm_id = await self._source.vers.from_commit(CommitId(image))
            else:
                labels = {NAME_LABEL: spawn.name}
                asked = None if hosted else size
                vm_id = await self._source.vers.create_root(asked, labels=labels, request=request)
            progress.detail(vm_id)
        now = self._fleet_state.clock.now()
        made = Vm(vm_id, Power.BOOTING, now, label=spawn.name, seen_at=now, source=self._source.name, size=size)
        self._fleet_state.put_vm(made)
        if spawn.size is not None and not hosted:
            self._fleet_state.fresh_size = spawn.size
            self._fleet_state.changed()
            await saved(self._store.choices.keep(CHOSEN_SIZE, spawn.size.text))
        return vm_id

    def program_of(self, spawn: Spawn) -> Program:
        """Return the program of an agent.

        Raises:
            Refused: it cannot be started here.
        """
        program = self._source.program(spawn.program)
        if program is None or program.reason:
            known = ", ".join(program.name for program in self._source.programs)
            reason = program.reason if program else f"there is no such kind of agent here, but {known}"
            raise Refused(f"{spawn.program} cannot be started: {reason}", hint="describe it in config.toml again")
        return program

    async def start_copy(self, spawn: Spawn, vm_id: VmId, progress: OperationProgress) -> Agent:
        """Start the agent that a copied VM brought, in its conversation; a process that was copied, too, ends first.

        It has the name, the VM id and the parent of the original in its environment, and would act under them.

        Raises:
            CockpitError: a step failed; the VM stays, and the agent is known.
        """
        program = self.program_of(spawn)
        try:
            async with self.names.reserved(spawn.name):
                return await self._bring_up(spawn, program, vm_id, progress, copied=True)
        finally:
            for agent in [agent for agent in self._fleet_state.agents.values() if agent.vm_id == vm_id]:
                if (agent_session := self._attached(agent.id)) is not None:
                    agent_session.go_on()

    async def _bring_up(
        self, spawn: Spawn, program: Program, vm_id: VmId, progress: OperationProgress, *, copied: bool = False
    ) -> Agent:
        await self.names.label(spawn.name, vm_id)
        await self.names.yield_to_earlier(spawn.name, vm_id)
        # What kind of VM it became may say where its agent lives.
        if boots_first := self._source.places_differ:
            await self._boot(vm_id, progress)
        now = self._fleet_state.clock.now()
        made = agent_from_spawn(spawn, vm_id, self._source.name, self._source.usual_directory(vm_id))
        made = replace(made, program=program.name, parent_vm=parent_vm_of(made, self._fleet_state.agents.values()))
        agent = replace(made, activity=Activity(ActivityState.STARTING, since=now))
        self._fleet_state.put_agent(agent)
        progress.agent(agent.id)
        await remember(self._store, self._source, agent, now)
        if not boots_first:
            await self._boot(vm_id, progress)
        with progress.step("connect"):
            agent_session = self._attach(agent)
            # What an image brought is another agent's: nothing is read before it was moved away.
            agent_session.hold()
            assert agent_session.link is not None
            link = agent_session.link
            connection = await link.ready(CONNECT_LIMIT)
        shell, check_in = VmShell(lambda: link.ready(CONNECT_LIMIT)), CheckIn(self._source, spawn.name)
        image = spawn.image or self._source.golden_image
        if copied or image:
            await own_host_keys(self._source, self._store, shell, vm_id, progress)
        had = await bootstrap(self._source, program, shell, vm_id, first_path(program, None), progress)
        with progress.step("prepare"):
            connection = await link.ready(CONNECT_LIMIT)
            if image:
                progress.detail(await image_words(shell))
            known = await self._copied(connection, program, agent) if copied else None
            spawn = as_before(spawn, known) if known else spawn
            facts = await prepare(connection, spawn, program, vm_id, self._source, known, had)
            await self._identify(connection, facts, vm_id)
            self._say_detached(facts)
        await synchronise(self._fleet_state, connection, spawn, program, progress)
        # What configuration brought counts: an extension may report for the agent.
        reports = await self._instruct(connection, facts, spawn, program, vm_id)
        if reports is ReportsBy.EXTENSION:
            await check_in.expect()
        with progress.step(f"start {program.name}"):
            run_id = await self._start(
                connection,
                spawn,
                program,
                facts,
                vm_id,
                self._source.paths_of(agent),
                progress,
                known=known,
                copied=copied,
                reports=reports,
            )
            agent_session.go_on()
        with progress.step("first answer"):
            await self._first_answer(agent_session, run_id, progress)
        await self.names.yield_to_earlier(spawn.name, vm_id)
        with progress.step("register"):
            await register(self._source, agent, now, progress)
        with progress.step("check in"):
            await check_in.settle(agent, progress)
        return living(agent.id, self._fleet_state)

    async def start_again(
        self, agent: Agent, agent_session: AgentSession, progress: OperationProgress, *, change_program: bool = False
    ) -> None:
        """Start a dead agent's process on its VM once more, in its latest session, with the program it had.

        Args:
            change_program: take another version of the program, too.

        Raises:
            CockpitError: it does not start.
        """
        program = self.program_of(spawn_of(agent))
        assert agent_session.link is not None
        with progress.step("connect"):
            connection = await agent_session.link.ready(CONNECT_LIMIT)
            known = await left_there(connection, self._source.paths_of(agent), agent.vm_id)
            first = known.state is AgentState.ABSENT
        if first:
            link = agent_session.link
            shell = VmShell(lambda: link.ready(CONNECT_LIMIT))
            await bootstrap(self._source, program, shell, agent.vm_id, first_path(program, None), progress)
        with progress.step(f"start {program.name}"):
            connection = await agent_session.link.ready(CONNECT_LIMIT)
            known = replace(known, path=known.path or agent.program_path, version=known.version or agent.version)
            spawn = as_before(spawn_of(agent), known)
            before = None if change_program else known
            facts = await prepare(connection, spawn, program, agent.vm_id, self._source, before)
            await self._identify(connection, facts, agent.vm_id)
            self._say_detached(facts)
            paths, left = self._source.paths_of(agent), None if first else known
            reports = await self._instruct(connection, facts, spawn, program, agent.vm_id)
            run_id = await self._start(
                connection, spawn, program, facts, agent.vm_id, paths, progress, known=left, reports=reports
            )
        with progress.step("first answer"):
            await self._first_answer(agent_session, run_id, progress)
        if first:
            with progress.step("register"):
                await register(self._source, agent, self._fleet_state.clock.now(), progress)
        else:
            await say_status(self._source, agent.vm_id, "running")

    async def _boot(self, vm_id: VmId, progress: OperationProgress) -> None:
        with progress.step("boot"):
            await until_running(self._fleet_state, self._source, vm_id)

    async def _copied(self, connection: Connection, program: Program, agent: Agent) -> ProbeResult:
        """Make what a copied VM brought its own agent's."""
        paths, vm_id = self._source.paths_of(agent), agent.vm_id
        moved = await connection.run(adapter_of(program.name).move_conversation_script(paths), timeout=START_LIMIT)
        if moved.exit_status != 0:
            raise Refused(f"VM {vm_id}: its conversation cannot be moved: {moved.stderr.decode(errors='replace')}")
        return await left_there(connection, paths, vm_id)

    def _say_detached(self, facts: Facts) -> None:
        if "tmux" not in facts.programs:
            self._fleet_state.notice(
                "tmux is not installed: agents run as detached processes and cannot be attached to"
            )

    async def _identify(self, connection: Connection, facts: Facts, vm_id: VmId) -> None:
        """Write down on a VM who its agent is, and what its family may have."""
        everyone, bounds = self._fleet_state.agents, self._source.bounds
        agent, now = self._fleet_state.agent_on(vm_id), self._fleet_state.clock.now()
        assert agent is not None
        said = identity_of(agent, everyone.values(), bounds, now)
        await connection.write_file(f"{facts.home}/{IDENTITY_FILE}", said, mode=0o600)

    async def _instruct(
        self, connection: Connection, facts: Facts, spawn: Spawn, program: Program, vm_id: VmId
    ) -> ReportsBy | None:
        """Write what the agent reads of itself and what it reports with; return who reports for it."""
        has_services = self._source.present is not None or bool((await self._source.reach_services(vm_id))[0])
        return await instruct(connection, facts.home, spawn, program.name, has_services=has_services)

    async def _start(
        self,
        connection: Connection,
        spawn: Spawn,
        program: Program,
        facts: Facts,
        vm_id: VmId,
        paths: AgentPaths,
        progress: OperationProgress,
        *,
        known: ProbeResult | None = None,
        copied: bool = False,
        reports: ReportsBy | None = None,
    ) -> str:
        """Start the program and return the id of the daemon run that answers now.

        Args:
            copied: what runs there was copied with its VM, and has the environment of the original.
            reports: who reports for it.
        """
        run_id = uuid.uuid4().hex[:12]
        reported = reports.value if reports is not None else ""
        if reports is ReportsBy.COCKPIT:
            reported = f"{reported} {await cockpit_id(self._store)}"
        golden = golden_of(known, spawn, self._source.golden_image)
        file = f"~/{INSTRUCTIONS_FILE}"
        arguments = program.arguments(spawn, file, known is not None)
        script = start_script(
            paths,
            run_id,
            program.name,
            arguments,
            allow_detached=self._source.allow_detached,
            required_files=[file] if file in arguments else [],
            details=details(program, facts, spawn, golden, reported),
            fresh=known is None,
            anew=copied,
        )
        passed = program.passed(spawn)
        services, way = await self._source.reach_services(vm_id)
        environment = environment_of(
            spawn, program, self._source, vm_id, passed=passed, golden=golden, services=services
        )
        if program.environment.get("PATH"):
            environment["PATH"] = facts.path if known is not None else program.environment["PATH"]
        done = await connection.run(script, stdin=encode_environment(environment), timeout=START_LIMIT)
        result = parse_start(done.exit_code, done.stdout, done.stderr, place=self._source.place_words(vm_id))
        await self._creations.settle(vm_id)
        _, version = found(program, facts)
        said = [
            "" if spawn.program else self._source.why_default,
            f"version {version}" if version else "",
            "adopted a running agent" if result.adopted else f"in {result.mode}",
            "" if result.adopted else adapter_of(program.name).passed_words(passed),
            "" if result.adopted else environment_words(environment, passed),
            f"what the image's agent left is in {result.earlier}" if result.earlier else "",
            way,
        ]
        progress.detail(" · ".join(word for word in said if word))
        return result.run_id or run_id

    async def _first_answer(self, agent_session: AgentSession, run_id: str, progress: OperationProgress) -> None:
        """Wait until the agent answers; what it warned of on standard error is said, and stays on the agent."""
        answer = await agent_session.first_answer(run_id, ANSWER_LIMIT)
        agent = living(agent_session.agent, self._fleet_state)
        asked = [dialog.request.title for dialog in agent.activity.dialogs]
        words = (
            "an extension asks before it starts: answer it, and the start goes on"
            if answer is None
            else adapter_of(agent.program).first_words(answer)
        )
        progress.detail(" · ".join((words, *asked, *await agent_session.warnings())))
