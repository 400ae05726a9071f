"""What listens on a VM: forwarded by one key to an address here, bridged by another, with who reaches it said."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward, PortCommand
from cockpit.model.ids import CommandId, VmId
from cockpit.model.ports import MOST_PORT, ListeningPort, PortForward, Ports, advice
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.look.cells import Piece, content, fit
from cockpit.ui.undo import order
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

REFRESH = 0.25


class PortsDialog(Dialog[None]):
    """A row for each port that something listens on, or that is forwarded."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "forward, copy"),
        ("n", "other"),
        ("D", "end"),
        ("b", "bridge"),
        ("r", "look"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "forward, copy", show=False),
        Binding("n", "another", "another port", show=False),
        Binding("D,delete", "end", "end forward", show=False),
        Binding("b", "bridge", "bridge", show=False),
        Binding("r", "look", "look again", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, engine: CockpitPort, name: Clean, vm_id: VmId, *, read_only: bool = False) -> None:
        super().__init__(our_line("Ports of {}", name), classes="course")
        self._engine = engine
        self._called = name
        self._vm_id = vm_id
        self._read_only = read_only
        self._ports = Ports(vm_id, ())
        self._trouble = ""
        self._ordered: dict[CommandId, PortCommand] = {}

    def compose_body(self) -> ComposeResult:
        """Yield the rows and what there is to say of the one under the cursor."""
        yield RowList(empty=(ours("looking …"),), id="rows")
        yield Plain(NOTHING, id="about")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()
        if self._read_only:
            self.show_keys(("r", "look"), ("esc", "close"))
        self.set_interval(REFRESH, self._flush)
        self.action_look()

    # --- what is there -------------------------------------------------------------------------------

    def action_look(self) -> None:
        """Ask the VM what listens."""
        self.run_worker(self._look(), name="look at ports", exclusive=True, group="look")

    async def _look(self) -> None:
        try:
            self._ports, self._trouble = await self._engine.reach.ports(self._vm_id), ""
        except CockpitError as error:
            self._trouble = str(error)
        nothing = clean_line(self._trouble) if self._trouble else ours("nothing listens: n forwards a port anyway")
        self.query_one("#rows", RowList).set_empty((nothing,))
        self._flush()

    def _forwards(self) -> dict[int, PortForward]:
        return {one.port: one for one in self._engine.fleet.forwards if one.vm == self._vm_id}

    def _flush(self) -> None:
        forwards = self._forwards()
        listeners = {one.port: one for one in self._ports.listeners}
        rows = self.query_one("#rows", RowList)
        rows.set_rows(
            [
                Row(str(port), row_of(port, listeners.get(port), forwards.get(port)))
                for port in sorted({*listeners, *forwards})
            ]
        )
        port = self._port()
        known = content([])
        if port is not None:
            known = about(listeners.get(port), forwards.get(port), self._ports)
        elif self._trouble and listeners:
            known = content([(clean_line(self._trouble), "$agent-failed")])
        self.query_one("#about", Plain).show(known, layout=True)
        self._say_ended()

    def _port(self) -> int | None:
        key = self.query_one("#rows", RowList).cursor_key
        return int(key) if key else None

    # --- what is done --------------------------------------------------------------------------------

    def _refused(self, command: PortCommand) -> str:
        return "the cockpit is read-only" if self._read_only else self._engine.disabled_reason(command)

    def _order(self, command: PortCommand) -> None:
        refused = self._refused(command)
        if refused:
            notice(self, clean_line(refused), severity="warning")
            return
        self._ordered[order(self.app, self._engine, command)] = command

    def _say_ended(self) -> None:
        """Say what became of what was ordered here: the new address, which is copied, or why there is none."""
        for receipt in self._engine.fleet.receipts if self._ordered else ():
            if not is_ended(receipt) or (command := self._ordered.pop(receipt.id, None)) is None:
                continue
            if receipt.stage is not Stage.DONE:
                notice(self, clean_line(receipt.reason), severity="error")
            elif isinstance(command, OpenForward) and (row := self._forwards().get(command.port)) is not None:
                self._copy(row)
            elif isinstance(command, OpenBridge | EndBridge):
                self.action_look()

    def _copy(self, row: PortForward) -> None:
        self.app.copy_to_clipboard(row.address)
        notice(self, our_line("{} leads to port {} of {}; it is copied", row.address, row.port, self._called))

    def action_forward(self) -> None:
        """Forward the port under the cursor, or copy the address that leads there."""
        port = self._port()
        if port is None:
            return
        row = self._forwards().get(port)
        if row is not None:
            self._copy(row)
        else:
            self._order(OpenForward(self._vm_id, port))

    def action_another(self) -> None:
        """Ask for a port that nothing may listen on yet."""

        def check(values: Values) -> str:
            port, local = number(values["port"]), number(values["local"] or "0", least=0)
            if port is None or local is None:
                return f"a number from 1 to {MOST_PORT}"
            return self._refused(OpenForward(self._vm_id, port, local))

        def finish(values: Values | None) -> None:
            if values is not None:
                port, local = number(values["port"]), number(values["local"] or "0", least=0)
                if port is not None and local is not None:
                    self._order(OpenForward(self._vm_id, port, local))

        fields = (
            Field("port", ours("port there"), placeholder=ours("3000")),
            Field("local", ours("port here"), placeholder=ours("the same if it is free, else any")),
        )
        self.app.push_screen(FormDialog(ours("Forward a port"), fields, check), finish)

    def action_end(self) -> None:
        """End the forward under the cursor."""
        port = self._port()
        row = self._forwards().get(port) if port is not None else None
        if row is not None:
            self._order(EndForward(self._vm_id, row.local))

    def action_bridge(self) -> None:
        """Open the port under the cursor to everybody, or take the bridge away."""
        port = self._port()
        listener = next((one for one in self._ports.listeners if one.port == port), None)
        if port is None or listener is None:
            return
        command: PortCommand = EndBridge(self._vm_id, port) if listener.bridged else OpenBridge(self._vm_id, port)
        refused = self._refused(command)
        if refused:
            notice(self, clean_line(refused), severity="warning")
            return
        if isinstance(command, EndBridge):
            self._order(command)
            return
        self.app.push_screen(bridge_question(self._called, port, self._ports), self._ordering(command))

    def _ordering(self, command: PortCommand) -> Callable[[bool | None], None]:
        def finish(agreed: bool | None) -> None:
            if agreed:
                self._order(command)

        return finish


def bridge_question(name: Clean, port: int, ports: Ports) -> ConfirmDialog:
    """Ask whether a port is to be opened to everybody."""
    consequence = our_line("Everybody can use it at {} then: nothing asks who they are.", ports.public(port))
    return ConfirmDialog(ours("Bridge"), [our_line("port {} of {}", port, name)], consequence)


def number(text: str, *, least: int = 1) -> int | None:
    """Return the port that was typed, or None if it is none."""
    typed = text.strip()
    return int(typed) if typed.isdecimal() and least <= int(typed) <= MOST_PORT else None


def row_of(port: int, listener: ListeningPort | None, forward: PortForward | None) -> Content:
    """Return the row of a port: its program, where it listens, and the address that leads there."""
    program = clean_line(listener.program) if listener is not None else ours("nothing listens")
    addresses = clean_line(", ".join(listener.addresses)) if listener is not None else NOTHING
    pieces: list[Piece] = [
        (fit(our_line("{}", port), 6, right=True), "bold"),
        (our_line("  {}", fit(program, 16)), ""),
        (our_line(" {} ", fit(addresses, 20)), "$muted"),
    ]
    if forward is not None:
        pieces.append((our_line("→ {}", forward.address), "bold $agent-done"))
        if forward.connections:
            pieces.append((our_line(" {} open", forward.connections), "$muted"))
        if forward.hindrance:
            pieces.append((ours(" stands still"), "$link-degraded"))
        elif forward.trouble:
            pieces.append((ours(" refused"), "$agent-failed"))
    elif listener is not None and listener.bridged:
        pieces.append((ours("bridged"), "$link-degraded"))
    return content(pieces)


def about(listener: ListeningPort | None, forward: PortForward | None, ports: Ports) -> Content:
    """Return what there is to say of a port below the rows."""
    pieces: list[Piece] = []
    if forward is not None and forward.hindrance:
        pieces.append((our_line("nothing is carried now: {}\n", forward.hindrance), "$link-degraded"))
    if forward is not None and forward.trouble:
        pieces += [
            (our_line("the last connection was refused: {}", forward.trouble), "$agent-failed"),
            (ours("\n"), ""),
        ]
    if listener is not None and (said := advice(listener, ports)):
        pieces.append((clean_line(said), "$link-degraded"))
    elif not ports.routed:
        pieces.append((ours("no public addresses here: a port is reached by a forward alone"), "$muted"))
    else:
        pieces.append((ours("not routed by the platform: it is reached by a forward alone"), "$muted"))
    return content(pieces)
