"""Writes what the operator orders into log, journal, reports, ledger, registry and SkillHub, in the operator's name."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.engine.coordination.skill_sync import SkillSync
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Services, Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused, Undecided
from cockpit.model.board import OPERATOR
from cockpit.model.commands.shared import (
    DeleteReport,
    EnableItem,
    PlacedCommand,
    PublishItem,
    RecordCommit,
    RegisterEntry,
    RemoveEntry,
    RemoveItem,
    RevokeShare,
    SharedCommand,
    ShareReport,
    StrikeCommit,
    SyncItems,
    WriteJournal,
    WriteLog,
    WriteReport,
)
from cockpit.model.ids import AgentId
from cockpit.model.refusals.shared import NO_SERVICES
from cockpit.model.shared.skills import SharedKind
from cockpit.services.errors import ServiceBroken, ServiceUnreachable
from cockpit.services.journal import JournalClient
from cockpit.services.ledger import LedgerClient
from cockpit.services.log import LogClient
from cockpit.services.registry import Registration
from cockpit.services.reports import ReportsClient
from cockpit.services.skills import SkillsClient

SHARE_STEP = "share the report"
"""The step whose detail is the address of the new link."""


class SharedActs:
    """Carries out commands about what the services of one source keep."""

    def __init__(
        self, fleet_state: FleetState, source: Source, agent_session: Callable[[AgentId], AgentSession | None]
    ) -> None:
        self._source = source
        self._sync = SkillSync(fleet_state, agent_session)

    async def carry_out(self, command: SharedCommand, progress: OperationProgress) -> None:
        """Carry out one command.

        Raises:
            Undecided: the answer was lost, and it may have happened.
            CockpitError: it was refused.
        """
        services = self._source.present
        if services is None:
            raise Refused(NO_SERVICES.sentence)
        if isinstance(command, SyncItems):
            await self._sync.carry_out(command, services, progress)
            return
        try:
            await self._write(command, services, progress)
        except (ServiceUnreachable, ServiceBroken) as failure:
            if failure.undone:
                raise
            raise Undecided(
                f"{failure.message}; whether it happened is unknown", hint="look before you try again"
            ) from failure

    async def _write(self, command: PlacedCommand, services: Services, progress: OperationProgress) -> None:
        match command:
            case PublishItem() | EnableItem() | RemoveItem():
                await self._shelve(command, SkillsClient(services.http), progress)
            case WriteLog(text):
                with progress.step("write into the log"):
                    progress.detail((await LogClient(services.http).write(text, OPERATOR)).id)
            case WriteJournal(text, mood, tags):
                with progress.step("write into the journal"):
                    progress.detail((await JournalClient(services.http).write(text, OPERATOR, mood=mood, tags=tags)).id)
            case WriteReport() | DeleteReport() | ShareReport() | RevokeShare():
                await self._report(command, ReportsClient(services.http), progress)
            case RecordCommit(commit, vm_id, label, tags):
                with progress.step("write into the ledger"):
                    ledger = LedgerClient(services.http)
                    await ledger.write(commit, vm_id, label=label, agent=OPERATOR, tags=tags)
            case StrikeCommit(commit):
                with progress.step("strike from the ledger"):
                    await LedgerClient(services.http).strike(commit)
            case RegisterEntry():
                with progress.step("register"):
                    await services.registry.register(_registration(command))
            case RemoveEntry(entry):
                with progress.step("take out of the registry"):
                    await services.registry.deregister(entry)

    async def _shelve(
        self, command: PublishItem | EnableItem | RemoveItem, client: SkillsClient, progress: OperationProgress
    ) -> None:
        match command:
            case PublishItem(kind, name, description, content, tags):
                with progress.step(f"publish {kind.value} {name}"):
                    made = await client.publish(kind, name, description, content, OPERATOR, tags=tags)
                    progress.detail(f"version {made.version}")
            case EnableItem(item, enabled):
                with progress.step(f"{'enable' if enabled else 'disable'} {item.kind.value} {item.name}"):
                    if item.kind is SharedKind.SKILL:
                        await client.enable(item.name, enabled)
                    else:
                        # Its newest content, not what was shown some time ago, is what is published anew.
                        newest = await client.item(item.kind, item.name)
                        made = await client.enable_extension(newest, enabled, OPERATOR)
                        progress.detail(f"as version {made.version}: extensions are switched in no other way")
            case RemoveItem(kind, name):
                with progress.step(f"remove {kind.value} {name}"):
                    await client.remove(kind, name)

    async def _report(
        self,
        command: WriteReport | DeleteReport | ShareReport | RevokeShare,
        client: ReportsClient,
        progress: OperationProgress,
    ) -> None:
        match command:
            case WriteReport(title, content, tags):
                with progress.step("leave the report"):
                    progress.detail((await client.write(title, OPERATOR, content, tags=tags)).id)
            case DeleteReport(report):
                with progress.step("delete the report"):
                    await client.delete(report)
            case ShareReport(report, label, seconds):
                with progress.step(SHARE_STEP):
                    # The server compares the end with its own clock, which may be another than ours.
                    ends = (await client.entries()).as_of + seconds if seconds else 0.0
                    progress.detail((await client.share(report, OPERATOR, label=label, expires_at=ends)).url)
            case RevokeShare(link):
                with progress.step("revoke the link"):
                    await client.revoke(link)


def _registration(command: RegisterEntry) -> Registration:
    return Registration(
        id=command.id,
        name=command.name,
        role=command.role,
        address=command.address,
        registered_by=OPERATOR,
        status=command.status,
        services=[{"name": name, "port": port} for name, port in command.services],
    )
