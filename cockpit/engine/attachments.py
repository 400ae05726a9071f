"""Images for a text, read from this machine or from the agent's VM: bounded, and refused for what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import shell_path
from cockpit.errors import CockpitError, Refused
from cockpit.model.attachments import (
    HEAD,
    MOST_BYTES,
    MOST_IMAGES,
    MOST_TOGETHER,
    ON_VM,
    Attachment,
    image_fault,
    media_type_of,
    size_text,
)

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

READ_LIMIT = 60.0
"""Seconds a file may take on its way from a VM."""

_READ = """cd {workspace} || exit 1
case $1 in "~/"*) file=$HOME/${{1#"~/"}} ;; *) file=$1 ;; esac
[ -f "$file" ] || {{ echo "there is no such file" >&2; exit 3; }}
head -c "$2" <"$file"
"""


async def load_images(
    names: Sequence[str], connection: Connection | None, workspace: str, place: str
) -> tuple[Attachment, ...]:
    """Read the images that go with a text.

    Args:
        names: paths here, or `vm:` and a path on the VM, which counts from the agent's workspace.
        connection: to the VM; None while there is none.
        workspace: as the agent's paths name it.
        place: what the agent lives on, as messages name it.

    Raises:
        CockpitError: one of them cannot go along; says which, where it was looked for, and why.
    """
    if len(names) > MOST_IMAGES:
        raise Refused(f"{len(names)} images are too many for one text: {MOST_IMAGES} may go along")
    loaded: list[Attachment] = []
    for name in names:
        if name.startswith(ON_VM):
            data = await _from_vm(name, connection, workspace, place)
        else:
            data = await asyncio.to_thread(_from_here, name)
        if fault := image_fault(name, data):
            raise Refused(fault)
        loaded.append(Attachment(name, media_type_of(data[:HEAD]), data))
    together = sum(len(one.data) for one in loaded)
    if together > MOST_TOGETHER:
        most = size_text(MOST_TOGETHER)
        raise Refused(f"the images have {size_text(together)} together, and {most} may go with one text")
    return tuple(loaded)


def _from_here(name: str) -> bytes:
    path = Path(name).expanduser()
    try:
        if not path.is_file():
            hint = f"{ON_VM}{name} names one where the agent lives"
            raise Refused(f"there is no file {path.absolute()} on this machine", hint=hint)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"{name} cannot be read: {error}") from error


async def _from_vm(name: str, connection: Connection | None, workspace: str, place: str) -> bytes:
    if connection is None or connection.closed:
        raise CockpitError(
            f"{name} cannot be read: the agent is not connected", hint="send it again once the link is up"
        )
    script, path = _READ.format(workspace=shell_path(workspace)), name.removeprefix(ON_VM)
    done = await connection.run(script, path, str(MOST_BYTES + 1), timeout=READ_LIMIT, limit=MOST_BYTES + 1)
    if done.exit_code != 0:
        why = done.stderr.decode("utf-8", "backslashreplace").strip() or f"exit {done.exit_code}"
        raise Refused(f"{path} on {place} cannot be read: {why}", hint="a path counts from the workspace")
    return done.stdout
