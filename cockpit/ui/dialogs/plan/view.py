"""The plans of the board, one at a time, as they are now: each task with who has it and why it waits; keys to steer."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.plan import HoldPlan, PlanCommand, RunPlan, StepPlan, TakePlanned
from cockpit.model.plan.acts import words_of
from cockpit.model.plan.draft import KEEP, TEAR_DOWN
from cockpit.model.plan.plan import MOST_AT_ONCE, MOST_VMS
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.schedule import Planned, TaskState
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog, TextDialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.plan.creation import ask_for_plan
from cockpit.ui.dialogs.texts import task_text
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.look.plans import plan_heading, planned_line
from cockpit.ui.undo import order
from cockpit.ui.widgets.choice_field import Choice
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

REFRESH = 0.5
"""Seconds between two looks at the plans."""


AFTERWARDS = (
    Choice(TEAR_DOWN, ours("tear the workers down that it made")),
    Choice(KEEP, ours("keep the workers that it made")),
)
"""What may become of a plan's own workers when it is done."""


class PlansDialog(Guarded, Dialog[None]):
    """A list that stays as the plan is."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "task"),
        ("g", "run"),
        ("h", "hold"),
        ("s", "step"),
        ("t", "take, give back"),
        ("p", "next plan"),
        ("n", "new"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "see", "task", show=False, priority=True),
        Binding("g", "run", "run", show=False),
        Binding("h", "hold", "hold", show=False),
        Binding("s", "step", "step", show=False),
        Binding("t", "take", "take", show=False),
        Binding("p,right", "next(1)", "next plan", show=False),
        Binding("left", "next(-1)", "previous plan", show=False),
        Binding("n", "new", "new", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, engine: CockpitPort, *, read_only: bool, name: str = "") -> None:
        super().__init__(ours("Plans"), classes="pick full")
        self._engine = engine
        self._read_only = read_only
        self._name = name
        """The plan that is shown; empty for the newest."""
        self._seen = -1

    def compose_body(self) -> ComposeResult:
        """Yield how the plan stands, its tasks, and what is next."""
        yield Plain(NOTHING, id="plan-heading")
        yield RowList(
            nothing=(ours("There is no plan on the board."), ours("n pastes one, or reads it from a file.")), id="rows"
        )
        yield Plain(NOTHING, id="plan-next")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()
        self.set_interval(REFRESH, self._flush)
        self.call_after_refresh(self._flush)

    # --- what is shown -------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._seen != self._engine.revision:
            self._seen = self._engine.revision
            self._draw()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._seen = -1
        self.call_after_refresh(self._flush)

    def _draw(self) -> None:
        known = self._engine.coordination.plans.known()
        status, place = self._shown(known)
        rows = self.query_one("#rows", RowList)
        width = max(40, rows.size.width - 1)
        if status is None:
            rows.set_rows([])
            return
        rows.set_rows([Row(one.task.id, planned_line(one, width)) for one in status.outlook.tasks])
        self.query_one("#plan-heading", Plain).show(plan_heading(status, place, len(known)), layout=True)
        acts = status.outlook.acts
        held = "next, if you let it: " if status.plan.held or not status.plan.runs else "next: "
        more = f" (and {len(acts) - 1} more)" if len(acts) > 1 else ""
        words = our_line("\n{}{}{}", held, words_of(acts[0]), more) if acts else NOTHING
        self.query_one("#plan-next", Plain).show(content([(words, "$muted")]), layout=True)

    def _shown(self, known: tuple[PlanStatus, ...]) -> tuple[PlanStatus | None, int]:
        place = next((at for at, status in enumerate(known) if status.plan.name == self._name), 0)
        return (known[place] if known else None), place

    @property
    def status(self) -> PlanStatus | None:
        """The plan that is shown."""
        return self._shown(self._engine.coordination.plans.known())[0]

    def _pointed_at(self) -> Planned | None:
        status, key = self.status, self.query_one("#rows", RowList).cursor_key
        return next((one for one in status.outlook.tasks if one.task.id == key), None) if status is not None else None

    # --- what is done --------------------------------------------------------------------------------

    def _order(self, command: PlanCommand) -> None:
        """Order something, or say why not."""
        reason = "the cockpit is read-only" if self._read_only else self._engine.disabled_reason(command)
        if reason:
            notice(self, clean_line(reason), title=ours("Not done"), severity="warning")
        else:
            order(self.app, self._engine, command)
            self._seen = -1

    def action_next(self, step: int) -> None:
        """Show another plan."""
        known = self._engine.coordination.plans.known()
        if known:
            place = self._shown(known)[1]
            self._name = known[(place + step) % len(known)].plan.name
            self._seen = -1
            self._flush()

    def action_see(self) -> None:
        """Show all that the board has of a task."""
        one = self._pointed_at()
        if one is not None:
            titles = {str(task.id): task.title for task in self._engine.fleet.tasks}
            self.app.push_screen(TextDialog(ours("Task"), task_text(one.task, titles, self._engine.now())))

    def action_run(self) -> None:
        """Let the plan run, or go on, after asking how many at once."""
        status = self.status
        if status is None:
            return
        name, settings = status.plan.name, status.plan.settings
        if self._read_only or status.plan.head.status == "done":
            self._order(RunPlan(name))
            return
        bounds = (("at_once", "tasks at once", 1, MOST_AT_ONCE), ("vms", "VMs it may make", 0, MOST_VMS))

        def check(values: Values) -> str:
            for field, label, least, most in bounds:
                text = values[field].strip()
                if not (text.isascii() and text.isdigit() and least <= int(text[:6]) <= most):
                    return f"{label}: a number from {least} to {most}"
            return ""

        def finish(values: Values | None) -> None:
            if values is not None:
                keeps = values["workers"] == KEEP
                self._order(RunPlan(name, int(values["at_once"]), int(values["vms"]), keeps=keeps))

        fields = (
            Field("at_once", ours("at once"), value=f"{settings.at_once}"),
            Field("vms", ours("VMs"), value=f"{settings.vms}"),
            Field("workers", ours("then"), "choice", KEEP if settings.keeps else TEAR_DOWN, choices=AFTERWARDS),
        )
        intro = ours("Each task goes to a free worker of its role; VMs are what the plan may make for it.")
        self.app.push_screen(FormDialog(our_line("Run {}", name), fields, check, intro=intro), finish)

    def action_hold(self) -> None:
        """Have the plan do nothing more by itself."""
        if (status := self.status) is not None:
            self._order(HoldPlan(status.plan.name))

    def action_step(self) -> None:
        """Have the plan do the one thing that is next."""
        if (status := self.status) is not None:
            self._order(StepPlan(status.plan.name))

    def action_take(self) -> None:
        """Take the task under the cursor over, or give it back."""
        one = self._pointed_at()
        if one is not None:
            self._order(TakePlanned(one.task.id, back=one.state is TaskState.TAKEN))

    def action_new(self) -> None:
        """Paste a plan, or read one."""
        if self._read_only:
            notice(self, ours("the cockpit is read-only"), title=ours("Not done"), severity="warning")
            return

        def created(name: str) -> None:
            self._name = name
            self._seen = -1

        ask_for_plan(self, self._engine, created)
