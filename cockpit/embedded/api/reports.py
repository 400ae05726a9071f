"""Reports and the links that share them, as hdresearch/vers-agent-services serves them (src/reports)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import Rejected, body_bytes, json_response, parse_json, plain, query
from cockpit.embedded.api.javascript import Body, ServerFault, includes, read_body, truthy
from cockpit.embedded.api.moments import moment_ms, moment_text, now_ms
from cockpit.embedded.api.page.report import preview, report_page, unknown_page
from cockpit.embedded.api.service_records import Document, ServiceRecords

DEFAULT_CREATOR = "admin"
HOSTED = "vers.sh"
"""Hosts whose name holds this are reached by HTTPS."""


class Reports:
    """The routes of reports."""

    def __init__(self, services: ServiceRecords) -> None:
        self._reports = services.reports
        self._links = services.share_links
        self._accesses = services.share_access
        self._ids = services.ids

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        link, report = "/reports/share/{link}", "/reports/{id}"
        return [
            Route(link, self.shared, methods=["GET"]),
            Route(f"{link}/og-image.svg", self.image, methods=["GET"]),
            Route(link, self.revoke, methods=["DELETE"]),
            Route(f"{link}/access", self.accesses, methods=["GET"]),
            Route("/reports", self.create, methods=["POST"]),
            Route("/reports", self.list_reports, methods=["GET"]),
            Route(report, self.get, methods=["GET"]),
            Route(report, self.delete, methods=["DELETE"]),
            Route(f"{report}/share", self.share, methods=["POST"]),
            Route(f"{report}/shares", self.list_links, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """POST /reports: a report never changes."""
        body = await read_body(request)
        title, author, content = body.required("title"), body.required("author"), body.unspaced("content")
        moment, tags = moment_text(), body.get("tags")
        report: Document = {"id": self._ids.new(), "title": title, "author": author, "content": content}
        report |= {"tags": tags if truthy(tags) else [], "createdAt": moment, "updatedAt": moment}
        self._reports.put(report)
        return json_response(report, 201)

    async def list_reports(self, request: Request) -> Response:
        """GET /reports: newest first, without their content."""
        reports = self._reports.all()
        if author := query(request, "author"):
            reports = [report for report in reports if report["author"] == author]
        if tag := query(request, "tag"):
            reports = [report for report in reports if includes(report["tags"], tag)]
        reports.sort(key=lambda report: str(report["createdAt"]), reverse=True)
        listed = [{name: value for name, value in report.items() if name != "content"} for report in reports]
        return json_response({"reports": listed, "count": len(listed)})

    def _report(self, request: Request) -> Document:
        report = self._reports.get(request.path_params["id"])
        if report is None:
            raise Rejected(404, "report not found")
        return report

    async def get(self, request: Request) -> Response:
        """GET /reports/:id."""
        return json_response(self._report(request))

    async def delete(self, request: Request) -> Response:
        """DELETE /reports/:id: its links stay, and lead nowhere."""
        self._reports.remove(self._report(request)["id"])
        return json_response({"deleted": True})

    async def share(self, request: Request) -> Response:
        """POST /reports/:id/share: a link that needs no token; a body is not needed."""
        report = self._report(request)
        try:
            given = parse_json(await body_bytes(request), "replace")
        except ValueError:
            given = {}
        if given is None:
            raise ServerFault
        body = Body(given)
        link: Document = {"linkId": self._ids.new(), "reportId": report["id"], "createdAt": moment_text()}
        link |= {"createdBy": _stored_text(body, "createdBy") or DEFAULT_CREATOR}
        link |= {name: _stored_text(body, name) for name in ("expiresAt", "label")} | {"revoked": 0}
        self._links.put(link)
        return json_response({"linkId": link["linkId"], "url": _address(request, link["linkId"])}, 201)

    async def list_links(self, request: Request) -> Response:
        """GET /reports/:id/shares: newest first, each with how often it was followed."""
        report = self._report(request)
        accesses = self._accesses.all()
        links = [
            link | {"accessCount": sum(1 for access in accesses if access["linkId"] == link["linkId"])}
            for link in self._links.all()
            if link["reportId"] == report["id"]
        ]
        links.sort(key=lambda link: str(link["createdAt"]), reverse=True)
        return json_response({"links": links, "count": len(links)})

    def _link(self, request: Request) -> Document:
        link = self._links.get(request.path_params["link"])
        if link is None:
            raise Rejected(404, "share link not found")
        return link

    async def revoke(self, request: Request) -> Response:
        """DELETE /reports/share/:linkId."""
        link = self._link(request)
        if link["revoked"]:
            raise Rejected(400, "link already revoked")
        self._links.put(link | {"revoked": 1})
        return json_response({"revoked": True})

    async def accesses(self, request: Request) -> Response:
        """GET /reports/share/:linkId/access: newest first."""
        link = self._link(request)
        found = [access for access in self._accesses.all() if access["linkId"] == link["linkId"]]
        found.sort(key=lambda access: str(access["timestamp"]), reverse=True)
        return json_response({"log": found, "count": len(found)})

    def _followed(self, request: Request) -> tuple[Document | None, Document | None]:
        """Return the link of a public address if it still holds, and its report if it still exists."""
        link = self._links.get(request.path_params["link"])
        if link is None or link["revoked"]:
            return None, None
        ends = moment_ms(link["expiresAt"]) if link["expiresAt"] else None
        if ends is not None and ends < now_ms():
            return None, None
        return link, self._reports.get(link["reportId"])

    async def shared(self, request: Request) -> Response:
        """GET /reports/share/:linkId: the report for everyone who has the link."""
        link, report = self._followed(request)
        if link is None:
            return unknown_page("This share link is invalid, expired, or has been revoked.")
        if report is None:
            return unknown_page("The report associated with this share link no longer exists.")
        headers = request.headers
        self._accesses.put(
            {
                "id": self._ids.new(),
                "linkId": link["linkId"],
                "reportId": report["id"],
                "timestamp": moment_text(),
                "ip": headers.get("x-forwarded-for") or headers.get("x-real-ip") or None,
                "userAgent": headers.get("user-agent") or None,
                "referrer": headers.get("referer") or None,
            }
        )
        return report_page(report, f"{_address(request, link['linkId'])}/og-image.svg")

    async def image(self, request: Request) -> Response:
        """GET /reports/share/:linkId/og-image.svg: what a chat shows beside the link."""
        _, report = self._followed(request)
        return plain(404, "Not found") if report is None else preview(report)


def _stored_text(body: Body, name: str) -> str | None:
    """Return a field as the imitated server's database keeps it; None if it is absent or empty.

    Raises:
        ServerFault: it is a list, an object or true.
    """
    value = body.get(name)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not truthy(value):
        return None
    if isinstance(value, bool | list | dict):
        raise ServerFault
    return value if isinstance(value, str) else str(float(value))


def _address(request: Request, link: str) -> str:
    host = request.headers.get("host") or "localhost:3000"
    scheme = request.headers.get("x-forwarded-proto") or ("https" if HOSTED in host else "http")
    return f"{scheme}://{host}/reports/share/{link}"
