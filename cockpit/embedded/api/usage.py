"""Tokens, cost and lives of VMs, as hdresearch/vers-agent-services serves them (src/usage)."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import Body, ServerFault, as_object, is_one_of, read_body, shown, truthy
from cockpit.embedded.api.moments import EPOCH, fields_ms, moment_ms, moment_text, now_ms, span_ms, text_of
from cockpit.embedded.api.service_records import Document, ServiceRecords

VM_ROLES = ("orchestrator", "lieutenant", "worker", "infra", "golden")
"""Roles of VM records; not those of the registry."""
PARTS = ("input", "output", "cacheRead", "cacheWrite", "total")
COUNT_LIMIT = 2**31 - 1
"""The greatest count that a record can hold."""
DEFAULT_RANGE = "7d"
STORED_TIME = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"
    r"([ T]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(:(?P<second>\d{1,2})(\.(?P<fraction>\d*))?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}(:?\d{2})?)?)?",
    re.ASCII,
)
"""What the imitated server's database reads as a time."""


class UsageRecords:
    """The routes of usage."""

    def __init__(self, services: ServiceRecords) -> None:
        self._sessions = services.usage_sessions
        self._vms = services.usage_vms
        self._ids = services.ids

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/usage", self.summary, methods=["GET"]),
            Route("/usage/sessions", self.record_session, methods=["POST"]),
            Route("/usage/sessions", self.list_sessions, methods=["GET"]),
            Route("/usage/vms", self.record_vm, methods=["POST"]),
            Route("/usage/vms", self.list_vms, methods=["GET"]),
        ]

    async def record_session(self, request: Request) -> Response:
        """POST /usage/sessions: echoes what came; what is kept has whole counts and times without zones."""
        body = await read_body(request)
        named: Document = {name: body.required(name) for name in ("sessionId", "agent", "model")}
        tokens, cost = (_five_numbers(body, name) for name in ("tokens", "cost"))
        turns = body.get("turns")
        if not _is_number(turns) or turns < 0:
            raise Rejected(400, "turns must be a non-negative number")
        times = {name: body.unspaced(name) for name in ("startedAt", "endedAt")}
        parent = body.trimmed("parentAgent") or None
        calls = body.get("toolCalls")
        record: Document = {"id": self._ids.new(), "sessionId": named["sessionId"], "agent": named["agent"]}
        record |= {"parentAgent": parent, "model": named["model"], "tokens": tokens, "cost": cost, "turns": turns}
        record |= {"toolCalls": calls if truthy(calls) else {}, **times, "recordedAt": moment_text()}
        kept = record | {
            "tokens": {part: _count(tokens[part]) for part in PARTS},
            "cost": {part: cost[part] for part in PARTS},
            "turns": _count(turns),
            **{name: _stored_time(text) for name, text in times.items()},
        }
        self._sessions.put(kept)
        return json_response(record, 201)

    async def list_sessions(self, request: Request) -> Response:
        """GET /usage/sessions: the latest start first."""
        sessions = _selected(request, self._sessions.all(), "startedAt", ("agent",))
        return json_response({"sessions": sessions, "count": len(sessions)})

    async def record_vm(self, request: Request) -> Response:
        """POST /usage/vms: an end is written into the newest record of its VM."""
        body = await read_body(request)
        vm, role = body.required("vmId"), body.get("role")
        if not is_one_of(role, VM_ROLES):
            raise Rejected(400, f"invalid role: {shown(role)}")
        agent, created = body.required("agent"), body.unspaced("createdAt")
        ended = body.get("destroyedAt")
        known = [record for record in self._vms.all() if record["vmId"] == vm]
        if truthy(ended) and known:
            record = known[-1]
            self._vms.put(record | {"destroyedAt": _stored_time(ended)})
            return json_response(record | {"destroyedAt": ended}, 201)
        commit = body.trimmed("commitId")
        record = {"id": self._ids.new(), "vmId": vm, "role": role, "agent": agent}
        kept = record | {"createdAt": _stored_time(created), "recordedAt": moment_text()}
        kept |= {"commitId": commit} if commit else {}
        kept |= {"destroyedAt": _stored_time(ended)} if truthy(ended) else {}
        self._vms.put(kept)
        record |= {} if commit is None else {"commitId": commit}
        record |= {"createdAt": created, **body.given("destroyedAt"), "recordedAt": kept["recordedAt"]}
        return json_response(record, 201)

    async def list_vms(self, request: Request) -> Response:
        """GET /usage/vms: the latest creation first."""
        vms = _selected(request, self._vms.all(), "createdAt", ("role", "agent"))
        return json_response({"vms": vms, "count": len(vms)})

    async def summary(self, request: Request) -> Response:
        """GET /usage: sums over a range, by agent, the dearest first; a range that is none is all time."""
        text = query(request, "range") or DEFAULT_RANGE
        span = span_ms(text)
        begin = 0.0 if span is None else now_ms() - span
        sessions = [one for one in self._sessions.all() if _ms(one["startedAt"]) >= begin]
        vms = sum(1 for one in self._vms.all() if _ms(one["createdAt"]) >= begin)
        agents = dict.fromkeys(one["agent"] for one in sessions)
        sums = {agent: _sum([one for one in sessions if one["agent"] == agent]) for agent in agents}
        dearest = dict(sorted(sums.items(), key=lambda item: float(item[1]["cost"]), reverse=True))
        return json_response({"range": text, "totals": {**_sum(sessions), "vms": vms}, "byAgent": as_object(dearest)})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _five_numbers(body: Body, name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict) or not all(_is_number(value.get(part)) for part in PARTS):
        raise Rejected(400, f"{name} must include {', '.join(PARTS)} as numbers")
    return value


def _count(value: float) -> int:
    """Return a count as it is stored: whole, halves to the even neighbour.

    Raises:
        ServerFault: it is beyond the limit.
    """
    number = round(value)
    if not -COUNT_LIMIT - 1 <= number <= COUNT_LIMIT:
        raise ServerFault
    return number


def _stored_time(text: object) -> str:
    """Return a time as it is stored: what the clock shows, without the zone.

    Raises:
        ServerFault: it is none.
    """
    found = STORED_TIME.fullmatch(text) if isinstance(text, str) else None
    moment = fields_ms(found, zoned=False) if found else None
    if moment is None:
        raise ServerFault
    return text_of(EPOCH + timedelta(milliseconds=moment))


def _ms(text: str) -> float:
    return moment_ms(text) or 0.0


def _selected(request: Request, records: list[Document], time: str, fields: tuple[str, ...]) -> list[Document]:
    """Return the records that a query asks for, the latest first."""
    for name in fields:
        if wanted := query(request, name):
            records = [record for record in records if record[name] == wanted]
    span = span_ms(query(request, "range"))
    if span is not None:
        begin = now_ms() - span
        records = [record for record in records if _ms(record[time]) >= begin]
    return sorted(records, key=lambda record: _ms(record[time]), reverse=True)


def _sum(sessions: list[Document]) -> Document:
    tokens = sum(one["tokens"]["total"] for one in sessions)
    return {
        "tokens": tokens,
        "cost": _cents(sum(one["cost"]["total"] for one in sessions)),
        "sessions": len(sessions),
    }


def _cents(dollars: float) -> float | int:
    """Return a sum rounded to cents, halves away from zero, as the imitated database rounds."""
    cents = (
        math.copysign(math.floor(abs(dollars) * 100 + 0.5), dollars) / 100 if math.isfinite(dollars * 100) else dollars
    )
    return int(cents) if float(cents).is_integer() else cents
