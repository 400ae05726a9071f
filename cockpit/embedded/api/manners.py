"""How the services say no, whoever serves them: the answers to what went wrong."""

from __future__ import annotations

import errno
import os
import sqlite3

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cockpit.embedded.api.exchange import Rejected, json_response, plain

REFUSED_BY_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
REFUSED_BY_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)
"""Errors that are no fault of the program: whoever asked is told, for they can do something about it."""


async def rejected(_request: Request, error: Exception) -> Response:
    """Answer a call whose body or query is wrong."""
    if not isinstance(error, Rejected):
        raise error
    return json_response({"error": error.text}, error.status)


async def faulted(_request: Request, _error: Exception) -> Response:
    """Answer a call at which the imitated server fails."""
    return plain(500, "Internal Server Error")


async def too_large(_request: Request, _error: Exception) -> Response:
    """Answer a call whose body is too long."""
    return plain(413, "Payload Too Large")


async def unrouted(_request: Request, error: Exception) -> Response:
    """Answer a call of what is not there; the services know no 405: a method that has no route is as unknown."""
    if not isinstance(error, HTTPException):
        raise error
    return plain(404, "404 Not Found") if error.status_code in (404, 405) else plain(error.status_code, error.detail)


def said_by_disk(error: Exception) -> str:
    """Return what a full or read-only disk says, or empty text for any other error."""
    match error:
        case OSError() if error.errno in REFUSED_BY_DISK:
            return os.strerror(error.errno)
        case sqlite3.OperationalError() if error.sqlite_errorcode & 0xFF in REFUSED_BY_SQLITE:
            return f"the fleet's records cannot be written: {error}"
    return ""
