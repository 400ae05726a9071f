"""The account's environment variables: every VM that starts gets them in /etc/environment, readable to all on it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.errors import UsageError
from cockpit.vers.errors import Resource
from cockpit.vers.settling import settled
from cockpit.vers.transport import VersTransport, path_part
from cockpit.vers.wire import VersModel

NAME_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
"""What the control plane takes as a variable's name."""
VALUE_LIMIT = 8192
"""Characters of a variable's value (vers-api reference, section 2.8)."""


class _Variables(VersModel):
    vars: dict[str, str]


class Variables:
    """The variables of one user: a platform keeps them per user, not per VM."""

    def __init__(self, wire: VersTransport) -> None:
        self._wire = wire

    async def listed(self) -> dict[str, str]:
        """Return the variables that VMs get in /etc/environment as they start, readable to everybody on them.

        Raises:
            VersError: they could not be had.
        """
        what = "list the environment variables"
        answer = await self._wire.request(what, "GET", "/env_vars", resource=Resource.VARIABLE)
        return answer.read(what, _Variables.model_validate).vars

    async def set(self, variables: Mapping[str, str], *, replace: bool = False) -> None:
        """Set variables.

        Args:
            variables: names and values.
            replace: remove all others.

        Raises:
            UsageError: the platform would refuse a name or a value.
            EffectUnknown: the answer was lost, and the variables cannot be looked at.
        """
        for name, value in variables.items():
            if fault := variable_fault(name, value):
                raise UsageError(f"could not set {name}: {fault}", hint="nothing was sent")
        what = f"set {', '.join(sorted(variables))}" if variables else "remove all environment variables"
        body = {"vars": dict(variables), "replace": replace}

        async def act() -> None:
            await self._wire.request(what, "PUT", "/env_vars", body=body, resource=Resource.VARIABLE)

        async def is_so() -> bool:
            there = await self.listed()
            return there == dict(variables) if replace else variables.items() <= there.items()

        await settled(what, act, is_so)

    async def delete(self, name: str) -> None:
        """Remove a variable; VMs that run keep it.

        Raises:
            ResourceNotFound: there is none of that name.
        """
        what = f"remove variable {name}"

        async def is_so() -> bool:
            return name not in await self.listed()

        async def act() -> None:
            path = f"/env_vars/{path_part(name)}"
            await self._wire.request(what, "DELETE", path, repeatable=False, resource=Resource.VARIABLE)

        await settled(what, act, is_so)


def variable_fault(name: str, value: str) -> str:
    """Say why the platform would refuse a variable, or could not keep it in /etc/environment; else empty text."""
    if not NAME_FORM.fullmatch(name):
        return "a name is of letters, digits and _, does not begin with a digit, and has 256 characters at most"
    if len(value) > VALUE_LIMIT:
        return f"a value has {VALUE_LIMIT} characters at most, not {len(value)}"
    if any(mark in value for mark in "\n\r\0"):
        return "a value has one line: it is written as a line of /etc/environment"
    return ""
