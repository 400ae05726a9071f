"""The reports' client: documents that never change, and the links by which everybody can read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.records import LinkOpened, Report, ShareLink
from cockpit.services.http import ServiceHttp, part
from cockpit.services.reading import listed, one_of, taken
from cockpit.services.usage import stamp
from cockpit.services.wire import Identifier, ServiceModel, Text, Texts, Timestamp, Whole


class ReportRecord(ServiceModel):
    """A report; a list leaves the content out."""

    id: Identifier
    title: Text = ""
    author: Text = ""
    content: Text | None = None
    tags: Texts = ()
    createdAt: Timestamp = 0.0

    def report(self) -> Report:
        """Return the fleet's report."""
        return Report(self.id, self.title, self.author, self.createdAt, self.tags, self.content)


def _revoked(value: object) -> bool:
    """Return whether a link is revoked: the servers say 0 or 1."""
    return value not in (0, False, None, "0", "false")


class LinkRecord(ServiceModel):
    """A link to a report."""

    linkId: Identifier
    reportId: Text = ""
    createdAt: Timestamp = 0.0
    createdBy: Text = ""
    expiresAt: Timestamp = 0.0
    label: Text = ""
    revoked: Annotated[bool, BeforeValidator(_revoked)] = False
    accessCount: Whole = 0


class SharedRecord(ServiceModel):
    """What sharing answers."""

    linkId: Identifier
    url: Text = ""


class OpenedRecord(ServiceModel):
    """One reading."""

    id: Identifier
    timestamp: Timestamp = 0.0
    ip: Text = ""
    userAgent: Text = ""


class ReportsClient:
    """The reports of one server."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def entries(self, *, author: str = "", tag: str = "") -> Listed[Report]:
        """Return the reports without their content, the newest first.

        Raises:
            ServiceError: they could not be had.
        """
        params = {"author": author, "tag": tag}
        return await listed(
            self._http, "list the reports", "/reports", "reports", ReportRecord, ReportRecord.report, params
        )

    async def report(self, report: str) -> Report:
        """Return a report with its content.

        Raises:
            RecordNotFound: there is none.
        """
        what = f"read report {report}"
        return one_of(await self._http.request(what, "GET", f"/reports/{part(report)}"), what, ReportRecord).report()

    async def write(self, title: str, author: str, content: str, *, tags: Sequence[str] = ()) -> Report:
        """Leave a report and return it. After a lost answer it may be there: look before leaving it again.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        body = {"title": title, "author": author, "content": content, "tags": list(tags)}
        what = f"leave report {title[:60]!r}"
        return one_of(await self._http.request(what, "POST", "/reports", body=body), what, ReportRecord).report()

    async def delete(self, report: str) -> None:
        """Delete a report.

        Raises:
            RecordNotFound: there is none.
        """
        await self._http.request(f"delete report {report}", "DELETE", f"/reports/{part(report)}")

    async def share(self, report: str, created_by: str, *, label: str = "", expires_at: float = 0.0) -> ShareLink:
        """Make a link by which everybody can read a report, without a token; 0 never expires.

        Raises:
            ServiceError: it was refused, or the answer was lost: look at the links before making another.
        """
        body: dict[str, Any] = {"createdBy": created_by}
        body |= {"label": label} if label else {}
        body |= {"expiresAt": stamp(expires_at)} if expires_at else {}
        what = f"share report {report}"
        reply = await self._http.request(what, "POST", f"/reports/{part(report)}/share", body=body)
        made = one_of(reply, what, SharedRecord)
        url = made.url or self._address(made.linkId)
        return ShareLink(made.linkId, report, url, created_by, 0.0, expires_at, label)

    async def shares(self, report: str) -> Listed[ShareLink]:
        """Return the links to a report, with their addresses; those that were revoked too.

        Raises:
            RecordNotFound: there is no such report.
        """
        what = f"list the links to report {report}"
        reply = await self._http.request(what, "GET", f"/reports/{part(report)}/shares")
        return taken(reply, what, "links", LinkRecord, self._link)

    async def revoke(self, link: str) -> None:
        """End a link; one that was ended already is refused.

        Raises:
            ServiceError: it was refused.
        """
        await self._http.request(f"revoke link {link}", "DELETE", f"/reports/share/{part(link)}")

    async def opened(self, link: str) -> Listed[LinkOpened]:
        """Return who read a report by a link, the last first.

        Raises:
            RecordNotFound: there is no such link.
        """
        what = f"list who opened link {link}"
        reply = await self._http.request(what, "GET", f"/reports/share/{part(link)}/access")
        return taken(reply, what, "log", OpenedRecord, lambda one: LinkOpened(one.timestamp, one.ip, one.userAgent))

    def _address(self, link: str) -> str:
        """Return where a link is read: only what makes it says so, the list of links does not."""
        return f"{self._http.base_url}/reports/share/{part(link)}"

    def _link(self, record: LinkRecord) -> ShareLink:
        return ShareLink(
            record.linkId,
            record.reportId,
            self._address(record.linkId),
            record.createdBy,
            record.createdAt,
            record.expiresAt,
            record.label,
            record.revoked,
            record.accessCount,
        )
