"""The routes of the account: who the key belongs to, whether it is good, and the variables of every VM that starts."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit import __version__
from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.owners.others import Holding
from cockpit.embedded.api.vers.exchange import WRONG_TYPE, ApiError, TextError, read_object, wrong_type

NAME_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME_LIMIT = 256
VALUE_LIMIT = 8192
"""Characters of a variable's name and value."""


class AccountRoutes:
    """The account of one owner."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding
        self._names = holding.names

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/whoami", self.whoami, methods=["GET"]),
            Route("/system/version", self.version, methods=["GET"]),
            Route("/keys/validate", self.validate, methods=["POST"]),
            Route("/env_vars", self.list_variables, methods=["GET"]),
            Route("/env_vars", self.set_variables, methods=["PUT"]),
            Route("/env_vars/{name}", self.delete_variable, methods=["DELETE"]),
        ]

    async def whoami(self, _request: Request) -> Response:
        """GET /whoami: a fleet of one's own has no limits but the machine's."""
        owner = self._holding
        key = {
            "id": owner.owner_id,
            "label": "embedded fleet",
            "created_at": self._names.begun_at(),
            "expires_at": None,
            "max_vcpus": None,
            "max_memory_mib": None,
        }
        user = {"id": owner.owner_id, "user_name": owner.user_name, "email": ""}
        return json_response({"user": user, "org": {"id": owner.owner_id, "name": owner.organisation}, "api_key": key})

    async def version(self, _request: Request) -> Response:
        """GET /system/version: the control plane's form."""
        version = {"executable_name": "orchestrator", "workspace_version": __version__, "git_hash": "embedded"}
        return json_response(version)

    async def validate(self, _request: Request) -> Response:
        """POST /keys/validate: the gate has judged it already."""
        return json_response({"valid": True, "message": "the key is valid"})

    async def list_variables(self, _request: Request) -> Response:
        """GET /env_vars."""
        return json_response({"vars": self._names.variables()})

    async def set_variables(self, request: Request) -> Response:
        """PUT /env_vars: added to those there are, or in their place."""
        body = await read_object(request)
        variables, replace = body.get("vars"), body.get("replace", False)
        if "vars" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `vars`")
        if not isinstance(variables, dict):
            raise wrong_type("vars", variables, "a map")
        if not isinstance(replace, bool | None):
            raise wrong_type("replace", replace, "a boolean")
        for name, value in variables.items():
            if not isinstance(value, str):
                raise wrong_type("vars", value, "a string")
            if not NAME_FORM.fullmatch(name) or len(name) > NAME_LIMIT:
                raise ApiError(400, "Invalid environment variable key")
            if len(value) > VALUE_LIMIT or re.search(r"[\n\r\0\ud800-\udfff]", value):
                raise ApiError(400, "Invalid environment variable value")
        self._names.set_variables(variables, replace=bool(replace))
        return json_response({"vars": self._names.variables()})

    async def delete_variable(self, request: Request) -> Response:
        """DELETE /env_vars/{name}."""
        if not self._names.delete_variable(request.path_params["name"]):
            raise ApiError(404, "Environment variable not found")
        return Response(status_code=204)
