"""The ledger's client: commits of VMs that somebody wrote down, by the commit's own id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import LedgerEntry
from cockpit.services.http import ServiceHttp, part
from cockpit.services.reading import listed, one_of
from cockpit.services.wire import Identifier, ServiceModel, Text, Texts, Timestamp


class LedgerRecord(ServiceModel):
    """One entry; a reef says `createdAt` where agent-services says `timestamp`."""

    commitId: Identifier
    vmId: Text = ""
    timestamp: Timestamp = 0.0
    createdAt: Timestamp = 0.0
    recordedAt: Timestamp = 0.0
    label: Text = ""
    agent: Text = ""
    tags: Texts = ()
    metadata: Text = ""

    def entry(self) -> LedgerEntry:
        """Return the fleet's entry."""
        at = self.timestamp or self.createdAt or self.recordedAt
        return LedgerEntry(self.commitId, self.vmId, at, self.label, self.agent, self.tags, self.metadata)


class LedgerClient:
    """The ledger of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def entries(self, *, tag: str = "", agent: str = "", label: str = "", vm_id: str = "") -> Listed[LedgerEntry]:
        """Return the entries, the newest first; each filter matches whole.

        Raises:
            ServiceError: they could not be had.
        """
        params = {"tag": tag, "agent": agent, "label": label, "vmId": vm_id}
        return await listed(
            self._http, "read the ledger of commits", "/commits", "commits", LedgerRecord, LedgerRecord.entry, params
        )

    async def write(
        self, commit: str, vm_id: str, *, label: str = "", agent: str = "", tags: Sequence[str] = ()
    ) -> LedgerEntry:
        """Write a commit down and return the entry.

        Raises:
            RequestRefused: 409, it is there already.
            ServiceError: it was refused, or the answer was lost.
        """
        body: dict[str, Any] = {"commitId": commit, "vmId": vm_id}
        body |= {name: value for name, value in (("label", label), ("agent", agent)) if value}
        body |= {"tags": list(tags)} if tags else {}
        what = f"write commit {commit} into the ledger"
        return one_of(await self._http.request(what, "POST", "/commits", body=body), what, LedgerRecord).entry()

    async def strike(self, commit: str) -> None:
        """Take a commit out of the ledger; the commit itself stays.

        Raises:
            RecordNotFound: it is not in it.
        """
        await self._http.request(f"take commit {commit} out of the ledger", "DELETE", f"/commits/{part(commit)}")
