"""The published server (hdresearch/vers-agent-services): it is fetched and built on the VM, by Node.

It knows more than ours, such as reports and usage. What it needs is fetched from the network by the VM: the repository
with git, the packages it names with npm. It listens on all addresses; its records are below its working directory.
"""

from __future__ import annotations

from cockpit.engine.infrastructure.published import scripts
from cockpit.engine.infrastructure.site import INSTALL_LIMIT, SCRIPT_LIMIT, Site, said
from cockpit.engine.operation import OperationProgress
from cockpit.errors import Refused

OURS_INSTEAD = "`cockpit infra` without --server takes our own, which needs Python alone"


class PublishedServer:
    """Implements `cockpit.engine.infrastructure.site.Server`."""

    runtime = "Node"

    async def find(self, site: Site, progress: OperationProgress) -> str:
        """Return the path of a Node that can run it, installed with npm and git if need be."""
        found = await site.shell.run(scripts.FIND_NODE, timeout=SCRIPT_LIMIT)
        if found.exit_code != 0 and not site.shares_host:
            progress.detail("there is none that is new enough: installing it")
            installed = await site.shell.run(scripts.INSTALL_NODE, timeout=INSTALL_LIMIT)
            if installed.exit_code != 0:
                cause = f"and apt-get could not install it: {said(installed)}"
                raise Refused(f"no Node 18 with npm and git is on VM {site.vm}, {cause}", hint=OURS_INSTEAD)
            found = await site.shell.run(scripts.FIND_NODE, timeout=SCRIPT_LIMIT)
        if found.exit_code != 0:
            raise Refused(f"VM {site.vm} has no Node 18 or newer with npm and git", hint=OURS_INSTEAD)
        path, _, version = found.stdout.decode("utf-8", "replace").strip().rpartition(" ")
        progress.detail(f"{path} {version}")
        return path

    async def bring(self, site: Site, runtime: str, progress: OperationProgress) -> str:
        """Fetch and build it, unless it is there; its revision tells it from others."""
        words = (site.place.published, runtime)
        built = await site.shell.run(scripts.BUILD, *words, timeout=INSTALL_LIMIT)
        if built.exit_code != 0:
            raise Refused(
                f"the published server could not be fetched from {site.place.published} and built on VM {site.vm}:"
                f" {said(built)}",
                hint=OURS_INSTEAD,
            )
        how, _, revision = built.stdout.decode("utf-8", "replace").strip().splitlines()[-1].partition(" ")
        progress.detail(f"{how}, revision {revision[:12]} of {site.place.published}")
        return f"published-{revision}"

    async def answers(self, site: Site, runtime: str, code: str) -> bool:
        """Ask it on the VM."""
        words = (runtime, code, str(site.place.port))
        return (await site.shell.run(scripts.ANSWERS, *words, timeout=SCRIPT_LIMIT)).exit_code == 0

    async def start(self, site: Site, runtime: str, code: str) -> str:
        """Start it."""
        words = (code, runtime, str(site.place.port), site.extent)
        return await site.run("start the published server", scripts.START, *words)
