"""Our own server: it comes from this installation, and needs nothing but a Python."""

from __future__ import annotations

import asyncio
import hashlib

from cockpit.engine.infrastructure import scripts
from cockpit.engine.infrastructure.site import INSTALL_LIMIT, SCRIPT_LIMIT, Site, said
from cockpit.engine.operation import OperationProgress
from cockpit.errors import Refused


class OwnServer:
    """Implements `cockpit.engine.infrastructure.site.Server`."""

    runtime = "Python"

    async def find(self, site: Site, progress: OperationProgress) -> str:
        """Return the path of a Python that can run the services, installed if need be."""
        found = await site.shell.run(scripts.FIND_PYTHON, timeout=SCRIPT_LIMIT)
        if found.exit_code != 0 and not site.shares_host:
            progress.detail("there is none that is new enough: installing it")
            installed = await site.shell.run(scripts.INSTALL_PYTHON, timeout=INSTALL_LIMIT)
            if installed.exit_code != 0:
                raise Refused(
                    f"no Python 3.11 is on VM {site.vm}, and apt-get could not install one: {said(installed)}",
                    hint="install Python 3.11 or newer there",
                )
            found = await site.shell.run(scripts.FIND_PYTHON, timeout=SCRIPT_LIMIT)
        if found.exit_code != 0:
            raise Refused(
                f"VM {site.vm} has no Python 3.11 or newer with sqlite3", hint="install one there as python3.11"
            )
        path, _, version = found.stdout.decode("utf-8", "replace").strip().rpartition(" ")
        progress.detail(f"{path} {version}")
        return path

    async def bring(self, site: Site, runtime: str, progress: OperationProgress) -> str:
        """Unpack this installation's services; their digest tells them from others."""
        archive = await asyncio.to_thread(site.place.archive)
        digest = hashlib.sha256(archive).hexdigest()[:16]
        how = await site.run("unpack the services", scripts.UNPACK, digest, runtime, stdin=archive, limit=INSTALL_LIMIT)
        progress.detail(f"{how}, {len(archive) / 1000:,.0f} kB")
        return digest

    async def answers(self, site: Site, runtime: str, code: str) -> bool:
        """Ask them on the VM."""
        words = (runtime, code, str(site.place.port))
        return (await site.shell.run(scripts.ANSWERS, *words, timeout=SCRIPT_LIMIT)).exit_code == 0

    async def start(self, site: Site, runtime: str, code: str) -> str:
        """Start them."""
        place = site.place
        words = (code, runtime, place.listen, str(place.port), site.extent)
        return await site.run("start the services", scripts.START, *words)
