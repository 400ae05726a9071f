"""Answers of the services as records: a list with its count of what cannot be read, and one record."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import ValidationError

from cockpit.model.shared.listed import Listed
from cockpit.services.errors import ServiceBroken
from cockpit.services.http import Reply, ServiceHttp
from cockpit.services.wire import Record, each, unix_seconds, unwrapped

Kept = TypeVar("Kept")


def server_now(reply: Reply) -> float:
    """Return the server's clock as unix seconds; our own where it does not say it."""
    try:
        return parsedate_to_datetime(reply.date).timestamp()
    except (ValueError, TypeError, IndexError):
        return unix_seconds(reply.date) or time.time()


async def listed(
    http: ServiceHttp,
    what: str,
    path: str,
    name: str,
    record: type[Record],
    keep: Callable[[Record], Kept],
    params: Mapping[str, str | int],
) -> Listed[Kept]:
    """Return a list; a record that cannot be read costs itself, and is counted.

    Args:
        http: the server.
        what: what is tried, as the start of a sentence.
        path: below the base URL.
        name: the key that the list is wrapped in; a bare list is taken too.
        record: what each entry is on the wire.
        keep: makes the fleet's own record of it.
        params: the query; what is empty is left out.

    Raises:
        ServiceError: the list could not be had.
    """
    given = {key: value for key, value in params.items() if value not in ("", 0)}
    reply = await http.request(what, "GET", path, params=given)
    return taken(reply, what, name, record, keep)


def taken(reply: Reply, what: str, name: str, record: type[Record], keep: Callable[[Record], Kept]) -> Listed[Kept]:
    """Return the list of an answer; parameters and errors as of `listed`."""
    try:
        entries = unwrapped(reply.body, name)
    except ValueError as error:
        raise ServiceBroken(f"could not {what}: {error}", hint="check the server's address") from error
    records = each(entries, record)
    return Listed(tuple(keep(one) for one in records), len(entries) - len(records), server_now(reply))


def one_of(reply: Reply, what: str, record: type[Record]) -> Record:
    """Return the one record of an answer.

    Raises:
        ServiceBroken: the answer is none.
    """
    try:
        return record.model_validate(reply.body)
    except (ValidationError, RecursionError) as error:
        raise ServiceBroken(
            f"could not {what}: the answer is not what was promised",
            hint="it may have been done: look again, and check the server's address",
        ) from error
