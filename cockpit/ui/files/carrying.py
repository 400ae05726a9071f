"""Asks where a file goes, here or on the VM, and has it carried."""

from __future__ import annotations

from pathlib import Path

from textual.widget import Widget

from cockpit import paths
from cockpit.errors import ConfigError
from cockpit.model.files.place import name_of
from cockpit.model.files.port import FilePort
from cockpit.model.files.transfer import Carriage, Direction
from cockpit.model.ids import AgentId
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.widgets.choice_field import Choice

_REPLACE = Field(
    "replace",
    ours("if it is there"),
    "choice",
    "no",
    choices=(Choice("no", ours("leave it, unless it is the same")), Choice("yes", ours("replace it"))),
)


def ask_to_carry(asker: Widget, files: FilePort, agent: AgentId, direction: Direction, path: str) -> None:
    """Ask for the place here, and begin the transfer.

    Args:
        asker: where the question is asked.
        files: who carries.
        agent: whose files.
        direction: which way.
        path: what is brought, or the directory on the VM that something is taken to.
    """
    brings = direction is Direction.GET

    def check(values: Values) -> str:
        try:
            local = paths.absolute(values["local"], "the place")
        except ConfigError as error:
            return error.message
        if not brings:
            return "" if local.exists() else f"there is no {local}"
        return "" if local.is_dir() or local.parent.is_dir() else f"there is no directory {local.parent}"

    def finish(values: Values | None) -> None:
        if values is not None:
            local = paths.absolute(values["local"], "the place")
            files.begin(Carriage(direction, agent, path, local, values["replace"] == "yes"))

    title = ours("Get") if brings else ours("Put")
    intro = (
        our_line("Bring {} here; again goes on where it was cut.", name_of(path))
        if brings
        else our_line("Take a file or a directory to {}", path)
    )
    here = str(Path.cwd()) if brings else ""
    label = ours("to") if brings else ours("from")
    local = Field("local", label, value=here, placeholder=ours("a path here"))
    asker.app.push_screen(FormDialog(title, (local, _REPLACE), check, intro=intro), finish)
