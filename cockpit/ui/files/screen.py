"""The files of one agent over the whole screen."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from cockpit.engine.port import CockpitPort
from cockpit.model.ids import AgentId
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.dialog import key_line
from cockpit.ui.drawn_at_once import DrawnAtOnce
from cockpit.ui.files.panel import FilesPanel
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.panel import Panel
from cockpit.ui.widgets.plain import Plain


class FilesScreen(DrawnAtOnce[None]):
    """Goes when the panel is left."""

    CSS_PATH = "files.tcss"
    AUTO_FOCUS = "#tree"

    def __init__(
        self,
        engine: CockpitPort,
        agent: AgentId,
        name: Clean,
        *,
        path: str = "",
        line: int = 0,
        read_only: bool = False,
    ) -> None:
        """Prepare; the arguments are the panel's, and `name` is how the agent is called."""
        super().__init__()
        self._called = name
        self.panel = FilesPanel(engine, agent, path=path, line=line, read_only=read_only)

    def compose(self) -> ComposeResult:
        yield Plain(content([(our_line(" ◂ fleet ▸ {} ▸ files", self._called), "bold")]), id="where")
        yield self.panel
        yield Plain(id="keys")

    @on(Panel.KeysChanged)
    def _keys_changed(self, message: Panel.KeysChanged) -> None:
        self.query_one("#keys", Plain).show(key_line(message.keys, self.size.width))

    @on(Panel.Closed)
    def _panel_closed(self) -> None:
        self.dismiss(None)
