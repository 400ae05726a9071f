"""Calls of the services and of the platform that the scripted agent's environment names."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SERVICE_TIMEOUT = 5.0
"""Seconds a request may take, unless it is told otherwise."""

ERROR_LIMIT = 500
ANSWER_LIMIT = 4_000_000
"""Bytes of an answer that are read."""


def call(
    base_variable: str,
    token_variable: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    timeout: float = SERVICE_TIMEOUT,
) -> Any:
    """Call a service and return its JSON; whatever goes wrong is an OSError.

    Args:
        base_variable, token_variable: the names of the variables that hold its address and its token.
        method, path, body: the request.
        timeout: seconds it may take.
    """
    if not sys.modules.get("ssl", True):
        del sys.modules["ssl"]  # left out at the start; a service may need it
    import http.client
    import urllib.error
    import urllib.request  # slow to load, and only service calls need it

    base = os.environ.get(base_variable, "").rstrip("/")
    if not base:
        raise OSError(f"{base_variable} is not set")
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get(token_variable):
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        request = urllib.request.Request(base + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.loads(response.read(ANSWER_LIMIT) or b"null")
    except urllib.error.HTTPError as error:
        said = error.read(ERROR_LIMIT).decode(errors="replace")
        raise OSError(f"{method} {path}: {error.code} {said}") from error
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(f"{method} {path}: {error}") from error
