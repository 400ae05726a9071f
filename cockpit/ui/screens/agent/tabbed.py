"""Tabs: which one is shown, which part of the screen stands for it, and who has the keys there."""

from __future__ import annotations

from textual import on
from textual.containers import Container
from textual.widget import Widget

from cockpit.model.fleet import Agent
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.queue import after_queue
from cockpit.ui.screens.agent.panels import VmPanel, panel_for
from cockpit.ui.screens.agent.tabs import TABS
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.widgets.panel import Keys, Panel


class Tabbed(OverHome):
    """What is said stands always; other tabs are filled when they are first chosen, and emptied for another agent."""

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home)
        self.tab = "chat"
        """The name of the tab that is shown."""
        self.panel_keys: Keys = ()
        """The keys of the panel that is shown."""
        self._panels: dict[str, Panel] = {}

    @property
    def panel(self) -> Panel | None:
        """The panel that is shown; None where it is what is said."""
        return self._panels.get(self.tab)

    def show_tab(self, name: str) -> None:
        """Show a tab and give it the keys; a shell takes the terminal instead, and comes back here."""
        if name == "shell":
            self.try_action("vm.shell")
            return
        if name != self.tab and (left := self.panel) is not None:
            left.left()
        agent = self.agent
        if name != "chat" and name not in self._panels and agent is None:
            return
        self.tab, self.panel_keys = name, ()
        for one in self.query(".tab-body"):
            one.set_class(one is self._body(name), "-shown")
        if name == "chat":
            self.output.focus()
        elif (known := self._panels.get(name)) is not None:
            self.panel_keys = known.KEYS
            known.take_keys()
            known.shown()
        elif agent is not None:
            self._fill(name, agent)
        self.bridge.flush()

    def _body(self, name: str) -> Widget | None:
        return self.query_one("#chat") if name == "chat" else self._panels.get(name)

    def _fill(self, name: str, agent: Agent) -> None:
        panel = panel_for(name, self.engine, agent, read_only=self.read_only)
        panel.add_class("tab-body", "-shown")
        self._panels[name], self.panel_keys = panel, panel.KEYS
        self.call_later(self._bring, panel)

    async def _bring(self, panel: Panel) -> None:
        if self.is_attached:
            await self.query_one("#body", Container).mount(panel)
            panel.take_keys()
            self.bridge.flush()

    def forget_panels(self) -> None:
        """Take away what was filled for another agent."""
        for panel in self._panels.values():
            panel.left()
            panel.remove()
        self._panels.clear()
        self.show_tab("chat")

    def flush_panel(self) -> None:
        """Show what is known now in a panel that does not look by itself."""
        panel = self.panel
        if isinstance(panel, VmPanel) and panel.is_mounted:
            panel.flush(self.fleet, self.engine.now())

    def cycle_pane(self, step: int) -> None:
        """Go to the next tab, or the one before; the shell is no place to stay."""
        names = [name for name in TABS if name != "shell"]
        self.show_tab(names[(names.index(self.tab) + step) % len(names)])

    def action_tab(self, name: str) -> None:
        """Show a tab that was clicked."""
        self.show_tab(name)

    def action_back_out(self) -> None:
        """Go back to what is said, then to where one was."""
        if self.tab != "chat":
            self.show_tab("chat")
        else:
            self.dismiss(None)

    @on(Panel.KeysChanged)
    def _keys_changed(self, message: Panel.KeysChanged) -> None:
        if message.control is self.panel:
            self.panel_keys = message.keys
            self.show_foot()

    @on(Panel.Closed)
    def _panel_closed(self, message: Panel.Closed) -> None:
        agent = self.agent
        self.show_tab("chat")
        if agent is not None and message.result:
            after_queue(self, agent.id, agent.name, message.result)
