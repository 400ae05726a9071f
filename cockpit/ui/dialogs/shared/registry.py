"""The tab of the registry: who says that it is alive, since when, what that means, and for whom it works."""

from __future__ import annotations

from textual.content import Content

from cockpit.model.commands.shared import RegisterEntry, RemoveEntry
from cockpit.model.shared.registered import ROLES, Liveness, Registered
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.shared.tab import Desk, KeyLine, Tab, question
from cockpit.ui.look.cells import Piece, age, content, fit
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.widgets.choice_field import Choice

STYLES = {
    Liveness.ALIVE: ("●", "$agent-running"),
    Liveness.IDLE: ("○", "$agent-idle"),
    Liveness.PAUSED: ("‖", "$agent-paused"),
    Liveness.ENDED: ("·", "$muted"),
    Liveness.LOST: ("✗", "$agent-failed"),
    Liveness.SILENT: ("–", "$muted"),
    Liveness.UNKNOWN: ("?", "$link-degraded"),
}
MEANS = {
    Liveness.ALIVE: "it runs and gave a sign of life",
    Liveness.IDLE: "it lives, between two prompts: it says `stopped` then",
    Liveness.PAUSED: "it is frozen",
    Liveness.ENDED: "it ended and gives no sign of life",
    Liveness.LOST: "it says that it runs, and has given no sign of life for five minutes and more",
    Liveness.SILENT: "those of this role give no signs of life",
    Liveness.UNKNOWN: "it says what no cockpit knows",
}
"""What each state is read from, for the line below the rows."""


class RegistryTab(Tab[Registered]):
    """The newest first, those that are silent too."""

    title = ours("registry")
    keys: KeyLine = (("n", "register"), ("D", "take out"))
    opens = False
    nothing = ours("Nobody is registered.")

    async def look(self, desk: Desk) -> None:
        """Read the registry."""
        listed = await desk.engine.coordination.registry.look(desk.place)
        self.take([(entry.id, entry) for entry in listed.entries], listed.missing, listed.unreadable)

    def row(self, entry: Registered, now: float) -> Content:
        """Return what it does, its name, role, the age of its last sign of life by the server's clock, its parent."""
        glyph, style = STYLES[entry.life]
        pieces: list[Piece] = [
            (our_line("{} ", glyph), style),
            (fit_name(clean_line(entry.name), 24), "bold"),
            (our_line(" {} ", fit(clean_line(entry.role), 10)), "$muted"),
            (fit(clean_line(entry.life.value), 8), style),
            (fit(_beat(entry), 12, right=True), "$link-degraded" if entry.stale else "$muted"),
        ]
        if entry.parent or entry.parent_id:
            pieces.append((our_line("  ↑ {}", entry.parent or entry.parent_id), "$muted"))
        return content(pieces)

    def about(self, entry: Registered, now: float) -> Content:
        """Return where it is reached, what it says, and what that means."""
        reached = " ".join(f"{name}:{port}" for name, port in entry.services)
        pieces: list[Piece] = [
            (our_line("{}   {}   {}\n", entry.id, entry.address, reached), "$muted"),
            (our_line("says `{}`: {}", entry.status, MEANS[entry.life]), ""),
            (our_line("   registered by {}", entry.registered_by), "$muted"),
            (ours("\nits signs of life come from this cockpit, and end with it") if entry.lent else NOTHING, ""),
        ]
        return content(pieces)

    def new(self, desk: Desk) -> None:
        """Ask for an entry."""

        def check(values: Values) -> str:
            return desk.engine.disabled_reason(_command(values, desk.place))

        def finish(values: Values | None) -> None:
            if values is not None:
                desk.order(_command(values, desk.place))

        roles = tuple(Choice(role, clean_line(role)) for role in ROLES)
        fields = (
            Field("id", ours("id"), placeholder=ours("the id of where it lives, normally")),
            Field("name", ours("name")),
            Field("role", ours("role"), "choice", "infra", choices=roles),
            Field("address", ours("address"), placeholder=ours("the host at which it is reached")),
        )
        desk.ask(FormDialog(ours("Register"), fields, check), finish)

    def remove(self, desk: Desk, entry: Registered) -> None:
        """Ask whether an entry is to go."""

        def finish(agreed: bool | None) -> None:
            if agreed:
                desk.order(RemoveEntry(entry.id, desk.place))

        consequence = ours("What it is about goes on; others do not find it any more until it registers again.")
        desk.ask(question(ours("Take out of the registry"), f"{entry.name} ({entry.id})", consequence), finish)

    def copy(self, desk: Desk, entry: Registered) -> None:
        """Copy its id."""
        desk.copy(clean_line(entry.id), ours("the id"))


def _beat(entry: Registered) -> Clean:
    if entry.age is None:
        return ours("never")
    said = our_line("{} by us", age(entry.age)) if entry.lent else age(entry.age)
    return our_line("{} stale", age(entry.age)) if entry.stale else said


def _command(values: Values, place: str) -> RegisterEntry:
    words = {name: value.strip() for name, value in values.items()}
    return RegisterEntry(words["id"], words["name"], words["role"], words["address"], source=place)
