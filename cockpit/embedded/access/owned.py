"""What an owner of a fleet has, asked of the server that runs with the owner's own token; and its end."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from cockpit.embedded.endpoint import read_token
from cockpit.embedded.owners import token_file
from cockpit.errors import CockpitError
from cockpit.vers.credentials import API_PREFIX

PATIENCE = 60.0
"""Seconds for one request: ending a VM waits for its processes."""
PAGE = 100
"""Commits that are asked for at once."""


def _client(base: str, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"{base}{API_PREFIX}", headers=headers, timeout=PATIENCE, trust_env=False)


async def _answer(http: httpx.AsyncClient, method: str, path: str, name: str) -> httpx.Response:
    """Return the server's answer to what an owner asks.

    Raises:
        CockpitError: it does not do it; says what it answered.
    """
    try:
        answer = await http.request(method, path)
    except httpx.HTTPError as error:
        raise CockpitError(f"the fleet does not answer for {name}: {method} {path}: {error!r}") from error
    if answer.is_error:
        raise CockpitError(
            f"the fleet would not do {method} {path} for {name}: {answer.status_code} {answer.text[:200]}",
            hint="what was done so far stays done; do it again when that is mended",
        )
    return answer


async def listed(base: str, token: str, name: str) -> tuple[list[str], list[str]]:
    """Return the VMs and the commits of an owner; a server that runs learns of his token by being asked.

    Raises:
        CockpitError: the server does not answer, or refuses.
    """
    async with _client(base, token) as http:
        vms = [str(row["vm_id"]) for row in (await _answer(http, "GET", "/vms", name)).json()]
        commits: list[str] = []
        while True:
            page = (await _answer(http, "GET", f"/commits?limit={PAGE}&offset={len(commits)}", name)).json()
            commits += [str(row["commit_id"]) for row in page["commits"]]
            if not page["commits"] or len(commits) >= page["total"]:
                return vms, commits


async def remove(base: str, directory: Path, name: str, vms: list[str], commits: list[str]) -> None:
    """Remove what an owner has, then himself.

    Args:
        base: the server's URL.
        directory: the owner's.
        name: the owner's.
        vms, commits: what is known to be his.

    Raises:
        CockpitError: the server would not do some of it, or there is more; he is an owner still.
    """
    token = read_token(directory)
    async with _client(base, token) as http:
        for vm in vms:
            await _answer(http, "DELETE", f"/vm/{vm}", name)
        for commit in commits:
            await _answer(http, "DELETE", f"/commits/{commit}", name)
        left = await listed(base, token, name)
        if any(left):
            raise CockpitError(
                f"{name} has made {len(left[0])} VMs and {len(left[1])} commits meanwhile", hint="do it again"
            )
        token_file(directory).unlink()
        # By a key that nobody has any more the server sees that he is gone, and closes his records.
        refused = await http.get("/vms")
        if refused.status_code != httpx.codes.FORBIDDEN:
            raise CockpitError(f"the fleet still serves {name}: it answered {refused.status_code}")
    shutil.rmtree(directory)
