"""The tab of the SkillHub: what there is in which version, who has it; published, switched, synced to the agent."""

from __future__ import annotations

from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.model.commands.shared import EnableItem, RemoveItem, SyncItems
from cockpit.model.shared.skills import SharedItem, Shelf
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.shared.tab import Desk, KeyLine, Tab, question
from cockpit.ui.look.cells import Piece, age, content, fit

NAME_CELLS = 24


class SkillsTab(Tab[SharedItem]):
    """Skills, then extensions, by name."""

    title = ours("skills")
    keys: KeyLine = (("n", "publish"), ("e", "on/off"), ("s", "sync"), ("D", "remove"))
    nothing = ours("Nothing is published: n publishes a directory.")

    def __init__(self) -> None:
        super().__init__()
        self._shelf = Shelf()

    async def look(self, desk: Desk) -> None:
        """Read the SkillHub."""
        self._shelf = shelf = await desk.engine.coordination.skills.look(desk.place)
        self.take([(f"{item.kind.value} {item.name}", item) for item in shelf.items], shelf.missing, 0)

    def row(self, entry: SharedItem, now: float) -> Content:
        """Return its name, kind, version, whether agents fetch it, and how many have it."""
        held = [agent.has(entry) for agent in self._shelf.agents]
        newest = sum(version == entry.version for version in held)
        older = sum(0 < version != entry.version for version in held)
        pieces: list[Piece] = [
            (our_line("{} ", "●" if entry.enabled else "○"), "$agent-done" if entry.enabled else "$muted"),
            (fit(clean_line(entry.name), NAME_CELLS), "bold" if entry.enabled else "$muted"),
            (our_line(" {} ", fit(clean_line(entry.kind.value), 9)), "$muted"),
            (fit(our_line("v{}", entry.version), 5), "$accent"),
            (fit(our_line(" {} have it", newest), 11), "" if newest else "$muted"),
        ]
        if older:
            pieces.append((our_line(" {} older", older), "$link-degraded"))
        return content([*pieces, (our_line("  {}", entry.description), "$muted")])

    def about(self, entry: SharedItem, now: float) -> Content:
        """Return who published it when, and which agents have which version."""
        published = our_line("by {}, {} ago", entry.published_by, age(now - entry.updated_at))
        pieces: list[Piece] = [(published, "$muted")]
        if entry.tags:
            pieces.append((our_line("   {}", " ".join(entry.tags)), "$muted"))
        for agent in self._shelf.agents:
            if version := agent.has(entry):
                style = "" if version == entry.version else "$link-degraded"
                said = our_line("\n{} has v{}, asked {} ago", agent.agent, version, age(now - agent.last_sync))
                pieces.append((said, style))
        return content(pieces)

    def open(self, desk: Desk, entry: SharedItem) -> None:
        """Show its content."""
        title = our_line("{} {} v{}", entry.kind.value, entry.name, entry.version)
        desk.read(title, content([(clean_text(entry.content), "")]))

    def new(self, desk: Desk) -> None:
        """Ask for a directory or a file here, and publish what is found there."""

        def finish(values: Values | None) -> None:
            if values is not None:
                self._publish(desk, values["path"].strip())

        field = Field("path", ours("path here"), placeholder=ours("a directory with SKILL.md, or an extension's file"))
        check = "name a directory, or a file"
        form = FormDialog(ours("Publish"), (field,), lambda values: "" if values["path"].strip() else check)
        desk.ask(form, finish)

    def _publish(self, desk: Desk, path: str) -> None:
        async def found() -> None:
            try:
                items = await desk.engine.coordination.skills.found_at(path, desk.place)
            except CockpitError as error:
                desk.say(clean_line(str(error)))
                return
            for item in items:
                desk.order(item)

        desk.work(found())

    def switch(self, desk: Desk, entry: SharedItem) -> None:
        """Have agents fetch it, or no more."""
        desk.order(EnableItem(entry, not entry.enabled, desk.place))

    def send(self, desk: Desk, entry: SharedItem | None) -> None:
        """Write all that is enabled onto the VM of the selected agent."""
        if desk.agent is None:
            desk.say(ours("no agent is selected: choose one, and come back"))
            return
        desk.order(SyncItems(desk.agent.id))

    def remove(self, desk: Desk, entry: SharedItem) -> None:
        """Ask whether it is to go."""

        def finish(agreed: bool | None) -> None:
            if agreed:
                desk.order(RemoveItem(entry.kind, entry.name, desk.place))

        consequence = ours("It is gone for good; agents that have it are told to remove it when they ask next.")
        named = f"{entry.kind.value} {entry.name}, version {entry.version}"
        desk.ask(question(ours("Remove from the SkillHub"), named, consequence), finish)

    def copy(self, desk: Desk, entry: SharedItem) -> None:
        """Copy its name."""
        desk.copy(clean_line(entry.name), ours("the name"))
