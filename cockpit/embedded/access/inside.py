"""What every program in a sandbox is given to reach the fleet: the variables of a VM of the platform, and its names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.vers.credentials import API_PREFIX

PROGRAMS = Path(__file__).parent / "programs"
"""A directory for the front of a search path: `openssl` there finds every VM under its name on the platform."""
NODE = Path(__file__).parent / "node"
"""Another, whose `node` does so for each program of Node, where there is a real one to be found behind it."""
GATEWAY_VARIABLE = "COCKPIT_GATEWAY"
"""What both read: the gateway's `HOST:PORT`."""


def with_programs(search: str) -> str:
    """Return a search path with ours in front; who looks for node where there is none must not find ours."""
    found = shutil.which("node", path=search)
    return os.pathsep.join((*([str(NODE)] if found else []), str(PROGRAMS), search))


@dataclass(frozen=True, slots=True)
class Inside:
    """How the fleet is reached from within."""

    base_url: str
    """Of the API and the services."""
    gateway: str
    """`HOST:PORT`."""
    key_on: Callable[[str], str]
    """Tells a VM's own key; empty for one on nobody's record."""

    def variables(self, vm_id: str) -> Mapping[str, str]:
        """Return what the programs of a VM get; holds its key."""
        key = self.key_on(vm_id)
        return {
            "VERS_VM_ID": vm_id,
            GATEWAY_VARIABLE: self.gateway,
            **service_variables(self.base_url, key),
        }


def service_variables(base_url: str, key: str) -> dict[str, str]:
    """Return what programs made for the platform read: where API and services are, and by which key.

    One variable names the API's base with its prefix and one without, and the services have two names: the extensions
    of pi, the SDKs and the command line each know some of them.
    """
    return {
        "VERS_API_KEY": key,
        "VERS_BASE_URL": f"{base_url}{API_PREFIX}",
        "VERS_URL": base_url,
        "VERS_INFRA_URL": base_url,
        "VERS_VM_REGISTRY_URL": base_url,
        "VERS_AUTH_TOKEN": key,
    }
