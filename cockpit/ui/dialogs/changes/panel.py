"""What can be done about the changes of an agent: comments in rounds, states brought back, patches carried here."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, get_args

from textual.binding import Binding, BindingType

from cockpit.model.ages import span_text
from cockpit.model.changes.comments import Comment, CommentState, RoundMode
from cockpit.model.changes.report import Base, Since, no_line_because
from cockpit.model.changes.turns import turns_of
from cockpit.model.commands.work import BeginTask, RestoreFiles
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.changes.view import BASES, ChangesView
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, FormDialog, GuardedForm, Values
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import content, fit
from cockpit.ui.undo import order
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.row_list import Row

ALL_KEYS: tuple[tuple[str, Clean], ...] = (
    ("⏎ space", ours("open or close the file")),
    ("a", ours("open all files, or close all")),
    ("n p", ours("the next file, the one before; also ] and [")),
    ("← →", ours("move long lines")),
    ("b", ours("compare since the task, the last text, your last look, with a commit or another agent")),
    ("t", ours("the states that were kept: what one turn changed")),
    ("R", ours("bring the files of the shown state back; asks first, what they are now is kept")),
    ("m", ours("a task begins now: tell changes from here on")),
    ("o", ours("the repository under the cursor alone, or all")),
    ("c", ours("comment on the line")),
    ("x", ours("drop the comment, or say that it is dealt with")),
    ("s", ours("send the comments as one message")),
    ("y", ours("a patch into a file, or into a checkout here")),
    ("r", ours("look again")),
)
"""Every key of the panel, with what it does."""


class ChangesPanel(ChangesView):
    """A list of all that changed, with the keys for what can be done about it."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "open"),
        ("a", "all"),
        ("b", "since…"),
        ("t", "turns"),
        ("c", "comment"),
        ("s", "send round"),
        ("y", "patch"),
        ("?", "all keys"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", "open", show=False),
        Binding("a", "open_all", "open all", show=False),
        Binding("right_square_bracket,n", "file(1)", "next file", show=False),
        Binding("left_square_bracket,p", "file(-1)", "previous file", show=False),
        Binding("right", "shift(1)", "right", show=False),
        Binding("left", "shift(-1)", "left", show=False),
        Binding("b", "choose_base", "since", show=False),
        Binding("t", "turns", "turns", show=False),
        Binding("o", "only", "one repository", show=False),
        Binding("m", "begin", "a task begins", show=False),
        Binding("R", "restore", "restore", show=False),
        Binding("c", "comment", "comment", show=False),
        Binding("x", "settle", "drop, handled", show=False),
        Binding("s,S", "send", "send round", show=False),
        Binding("y", "patch", "patch", show=False),
        Binding("r", "look", "look again", show=False),
        Binding("q", "back_out", "close", show=False),
        Binding("question_mark", "keys", "all keys", show=False),
    ]

    def action_turns(self) -> None:
        """Choose one of the states that were kept, to see what one turn changed."""
        found = self._changes
        if found is None:
            return
        kept = tuple(reversed(turns_of(found.snapshots)))

        def rows(width: int) -> list[tuple[Row, str]]:
            told = []
            for one in kept:
                head = our_line(" {} ", fit(our_line("{} ago", span_text(found.vm_now - one.at)), 9, right=True))
                kind = fit(clean_line(one.kind), 7)
                places = clean_line(", ".join(one.places) or "-")
                line = content(
                    [
                        (head, "$muted"),
                        (kind, "bold"),
                        (our_line(" {}  ", places), "$accent"),
                        (clean_line(one.said), ""),
                    ]
                )
                told.append((Row(one.key, line), f"{one.kind} {one.said}"))
            return told

        def finish(key: str | None) -> None:
            if key is not None:
                self._against, self._base, self._place = None, Base(Since.TURN, key), ""
                self.action_look()

        self.app.push_screen(PickDialog(ours("States that were kept"), rows, ours("None was kept yet.")), finish)

    def action_begin(self) -> None:
        """Say that a task begins now."""
        if self._may(BeginTask(self._agent.id)):
            order(self.app, self._engine, BeginTask(self._agent.id))
            notice(self, our_line("From now on the changes of {} are told anew.", self._agent.name))

    def action_restore(self) -> None:
        """Ask, and bring the state back that is shown."""
        base = self._base
        if base.since is not Since.TURN:
            notice(self, ours("Choose a state first: t lists them."), severity="warning")
            return
        command = RestoreFiles(self._agent.id, base.name)
        if not self._may(command):
            return

        def finish(yes: bool | None) -> None:
            if yes:
                order(self.app, self._engine, command)
                notice(self, ours("Restoring. What the files were is kept: t lists it as safety, R there undoes it."))
                self._base = Base()
                self.call_later(self.action_look)

        consequence = ours("Files go back to that state. Branch and commits stay. What they are now is kept first.")
        targets = (our_line("{} {}", self._agent.name, base.name),)
        self.app.push_screen(ConfirmDialog(ours("Restore files"), targets, consequence), finish)

    def _only_looks(self) -> bool:
        if self._read_only:
            notice(self, ours("the cockpit is read-only"), severity="warning")
        return self._read_only

    def _may(self, command: BeginTask | RestoreFiles) -> bool:
        reason = "the cockpit is read-only" if self._read_only else self._engine.disabled_reason(command)
        if reason:
            notice(self, clean_line(reason), severity="warning")
        return not reason

    def action_keys(self) -> None:
        """Say what each key does."""
        lines = [content([(fit(clean_line(key), 8), "bold $accent"), (what, "")]) for key, what in ALL_KEYS]
        self.app.push_screen(TextDialog(ours("Keys"), content([(ours("\n"), "")]).join(lines)))

    # --- comments ------------------------------------------------------------------------------------

    def action_comment(self) -> None:
        """Write a comment on the line under the cursor."""
        spot = self._spot
        if self._only_looks():
            return
        repository, file, line = spot.repository, spot.file, spot.line
        if repository is not None and (why := no_line_because(repository, file)):
            notice(self, clean_line(why), title=ours("No comment"), severity="warning")
            return
        if self._against is not None or repository is None or file is None or line is None:
            notice(self, ours("Go to a line of the agent's own changes: ⏎ opens a file."), severity="warning")
            return
        number, removed = (line.old, True) if line.new is None else (line.new, False)
        if number is None:
            return
        commit = repository.base if removed else repository.now
        path = file.old if removed else file.new

        def finish(values: Values | None) -> None:
            if values is not None:
                comment = Comment(repository.place, path, number, line.text, commit, values["note"].strip(), removed)
                self._act(self._engine.work.comments.add(self._agent.id, comment))

        def check(values: Values) -> str:
            return "" if values["note"].strip() else "there is no text"

        fields = (Field("note", ours("comment"), "area", for_agents=True),)
        intro = our_line("{}:{}  {}", path, number, line.text.strip())
        self.app.push_screen(FormDialog(ours("Comment"), fields, check, intro=intro), finish)

    def action_settle(self) -> None:
        """Drop the comment under the cursor, or say that it is dealt with."""
        one = self._spot.comment
        if self._only_looks():
            return
        if one is None:
            notice(self, ours("Go to a comment first."), severity="warning")
        elif one.state is CommentState.DRAFT:
            self._act(self._engine.work.comments.remove(self._agent.id, one.number))
        else:
            self._act(self._engine.work.comments.handle(self._agent.id, one.number))

    def action_send(self) -> None:
        """Send the comments that wait, in a mode."""
        drafts = [one for one in self._comments if one.state is CommentState.DRAFT]
        if self._only_looks():
            return
        if not drafts:
            notice(self, ours("There is no comment to send."), severity="warning")
            return
        modes = tuple(Choice(mode, clean_line(mode)) for mode in get_args(RoundMode))
        usual = "steer" if self._agent_is_at_work() else "prompt"

        def finish(values: Values | None) -> None:
            mode = next((mode for mode in get_args(RoundMode) if values is not None and values["mode"] == mode), None)
            if mode is not None:
                self._act(self._engine.work.comments.send(self._agent.id, mode))

        field = Field("mode", ours("as"), "choice", usual, choices=modes)
        title = our_line("Send {} comments to {}", len(drafts), self._agent.name)
        self.app.push_screen(GuardedForm(title, (field,), intro=ours("One message; each is named by its id.")), finish)

    def _agent_is_at_work(self) -> bool:
        agent = self._engine.fleet.agent(self._agent.id)
        return agent is not None and agent.run_open

    # --- patches -------------------------------------------------------------------------------------

    def action_patch(self) -> None:
        """Bring the difference of the repository under the cursor here."""
        spot, found = self._spot, self._changes
        if found is None or self._against is not None or spot.repository is None or not spot.repository.files:
            notice(self, ours("Go to a repository of the agent's own changes."), severity="warning")
            return
        place, base = spot.repository.place, self._base
        fields = (
            Field(
                "how",
                ours("do"),
                "choice",
                choices=(Choice("file", ours("write a patch file")), Choice("apply", ours("apply to a checkout here"))),
            ),
            Field("path", ours("path"), value=f"{self._agent.name}.patch"),
        )

        async def bring(how: str, path: Path) -> None:
            work = self._engine.work.changes
            if how == "file":
                size = await work.save_patch(self._agent.id, base, place, path)
                notice(self, our_line("{}: {} bytes", str(path), size))
            else:
                size = await work.apply_patch(self._agent.id, base, place, path)
                notice(self, our_line("{} bytes were applied to {}; nothing is committed", size, str(path)))

        def check(values: Values) -> str:
            return "" if values["path"].strip() else "path: name one"

        def finish(values: Values | None) -> None:
            if values is not None:
                path = Path(values["path"].strip()).expanduser().absolute()
                self._act(bring(values["how"], path), again=False)

        title = our_line("Patch of {}", place)
        self.app.push_screen(GuardedForm(title, fields, check, intro=BASES.get(base.since, NOTHING)), finish)
