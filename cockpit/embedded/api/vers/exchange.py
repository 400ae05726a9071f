"""Requests and errors of the Vers API as its gateway and control plane word them: three families of bodies."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cockpit.embedded.api.exchange import body_bytes, json_response, parse_json, query, well_formed

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NOT_JSON = "Failed to parse the request body as JSON: "
WRONG_TYPE = "Failed to deserialize the JSON body into the target type: "
U32 = 2**32 - 1


class ApiError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    def response(self) -> Response:
        """Return the JSON family: `{"error", "success": false}`."""
        return json_response({"error": self.text, "success": False}, self.status)


class BareError(ApiError):
    """Plain text without a content type: the gateway, and malformed ids in a path."""

    def response(self) -> Response:
        """Return the text alone."""
        return Response(well_formed(self.text).encode(), self.status)


class TextError(ApiError):
    """Plain text with a content type: bodies and queries that cannot be read."""

    def response(self) -> Response:
        """Return the text."""
        return Response(well_formed(self.text), self.status, headers={"content-type": "text/plain; charset=utf-8"})


class BranchError(ApiError):
    """The hybrid of branches: the VMs made before the failure, and its text."""

    def __init__(self, status: int, text: str, vm_ids: list[str]) -> None:
        super().__init__(status, text)
        self.vm_ids = vm_ids

    def response(self) -> Response:
        """Return `{"vms", "error"}`; there is no `success` in it."""
        return json_response({"vms": new_vms(self.vm_ids), "error": self.text}, self.status)


def new_vms(vm_ids: list[str]) -> list[dict[str, str]]:
    """Return ids as the list of new VMs."""
    return [{"vm_id": vm_id} for vm_id in vm_ids]


def path_id(request: Request, name: str) -> str:
    """Return a UUID of the path in lower case.

    Raises:
        BareError: it is none.
    """
    value: str = request.path_params[name]
    if not UUID_FORM.fullmatch(value):
        raise BareError(
            400, f"Invalid URL: Cannot parse `{name}` with value `{value}`: UUID parsing failed: invalid character"
        )
    return value.lower()


def flag(request: Request, name: str) -> bool:
    """Return a boolean of the query, false if absent.

    Raises:
        TextError: it is neither `true` nor `false`.
    """
    value = query(request, name)
    if value not in ("", "true", "false"):
        raise TextError(400, f"Failed to deserialize query string: {name}: provided string was not `true` or `false`")
    return value == "true"


def whole(request: Request, name: str, default: int) -> int:
    """Return a number of the query.

    Raises:
        TextError: it is none.
    """
    value = query(request, name)
    if not value:
        return default
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", value):
        raise TextError(400, f"Failed to deserialize query string: {name}: invalid digit found in string")
    return int(value)


async def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """Return the body as an object.

    Raises:
        TextError: it is empty (unless optional), not JSON, or no object.
    """
    content = await body_bytes(request)
    if optional and not content.strip():
        return {}
    try:
        value = parse_json(content)
    except ValueError as error:
        cause = "EOF while parsing a value at line 1 column 0" if not content.strip() else "expected value"
        raise TextError(400, f"{NOT_JSON}{cause}") from error
    if not isinstance(value, dict):
        raise TextError(422, f"{WRONG_TYPE}invalid type: {_kind(value)}, expected struct")
    return value


def field_text(body: dict[str, Any], name: str) -> str | None:
    """Return an optional text field; null counts as absent.

    Raises:
        TextError: it is of another type.
    """
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        return well_formed(value)
    raise wrong_type(name, value, "a string")


def field_number(body: dict[str, Any], name: str, default: int) -> int:
    """Return an optional unsigned field; null counts as absent.

    Raises:
        TextError: it is of another type or out of range.
    """
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U32:
        raise wrong_type(name, value, "u32")
    return value


def field_flag(body: dict[str, Any], name: str) -> bool:
    """Return an optional boolean field; null counts as absent, and absent as false.

    Raises:
        TextError: it is of another type.
    """
    value = body.get(name)
    if not isinstance(value, bool | None):
        raise wrong_type(name, value, "a boolean")
    return bool(value)


def field_labels(body: dict[str, Any], *, needed: bool = False) -> dict[str, str] | None:
    """Return the labels of a body.

    Raises:
        TextError: they are missing although needed, or not all texts.
    """
    value = body.get("labels")
    if value is None:
        if needed:
            raise TextError(422, f"{WRONG_TYPE}missing field `labels`")
        return None
    if not isinstance(value, dict):
        raise wrong_type("labels", value, "a map")
    for item in value.values():
        if not isinstance(item, str):
            raise wrong_type("labels", item, "a string")
    return {well_formed(name): well_formed(text) for name, text in value.items()}


def wrong_type(name: str, value: object, expected: str) -> TextError:
    """Return the 422 for a value of the wrong type."""
    return TextError(422, f"{WRONG_TYPE}{name}: invalid type: {_kind(value)}, expected {expected}")


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f'string "{value[:60]}"'
        case list():
            return "sequence"
        case _:
            return "map"
