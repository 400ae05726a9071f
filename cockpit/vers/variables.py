"""The account's environment variables: every VM that starts gets them in /etc/environment, readable to all on it."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.errors import UsageError
from cockpit.model.variables import variable_fault
from cockpit.vers.errors import Resource
from cockpit.vers.settling import settled
from cockpit.vers.transport import VersTransport, path_part
from cockpit.vers.wire import VersModel


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
