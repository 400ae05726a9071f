"""From a text to a plan on the board: pasted or read, checked, shown with what should be better, and only then made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.content import Content
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.plan import CreatePlan
from cockpit.model.plan.check import findings
from cockpit.model.plan.draft import Reading
from cockpit.model.plan.plan import Plan, PlanFault
from cockpit.model.plan.read import read_plan
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.undo import order

MOST_BYTES = 4 << 20
"""A file that is longer is no plan."""

FAULTS_SHOWN = 3


class PlanDialog(ConfirmDialog):
    """The question before a plan is made: its tasks in their order, and what should be better about it."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("y", "create it"), ("↑↓", "scroll"), ("n esc", "no"))

    def __init__(self, plan: Plan, found: Sequence[PlanFault]) -> None:
        words = our_line("{} things should be better.", len(found)) if found else ours("Nothing should be better.")
        more = ours(" It stands on the board then, and runs once you let it.")
        super().__init__(our_line("Create plan {}", plan.name), (), our_line("{}{}", words, more))
        self.add_class("plan")
        self._plan = plan
        self._found = found

    def target_lines(self) -> list[Content]:
        """Return a line for each task and for each thing that should be better."""
        titles = {task.key: task.title for task in self._plan.tasks}
        lines: list[Content] = []
        for number, task in enumerate(self._plan.tasks, 1):
            pieces: list[Piece] = [(our_line(" {:>3} ", number), "$muted"), (clean_line(task.title), "bold")]
            if task.role:
                pieces.append((our_line("  {}", task.role), "$accent"))
            if task.after:
                pieces.append((our_line("  after {}", ", ".join(titles[key] for key in task.after)), "$muted"))
            lines.append(content(pieces))
        lines += [content([(our_line("   ! {}", str(one)), "$link-degraded")]) for one in self._found]
        return lines


def reading_of(values: Values) -> Reading:
    """Return what came of a filled-in form: a file goes before what was pasted."""
    name, path, text = values["name"].strip(), values["file"].strip(), values["plan"]
    stem = name or "plan"
    if path:
        file = Path(path).expanduser()
        stem = name or file.stem
        try:
            with file.open("rb") as opened:
                data = opened.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                return Reading(None, (PlanFault(0, f"{path} has more than {MOST_BYTES >> 20} MiB"),))
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return Reading(None, (PlanFault(0, f"{path} is not UTF-8"),))
        except (OSError, ValueError) as error:
            return Reading(None, (PlanFault(0, f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"),))
    if not text.strip():
        return Reading(None, (PlanFault(0, "there is no text: paste a plan, or name a file"),))
    reading = read_plan(text, stem)
    return Reading(replace(reading.plan, name=name)) if name and reading.plan is not None else reading


def ask_for_plan(screen: Screen[None], engine: CockpitPort, created: Callable[[str], None]) -> None:
    """Ask for a plan, show it with what should be better, and have it made.

    Args:
        screen: over which the dialogs open.
        engine: makes it.
        created: gets its name once that is ordered.
    """

    def check(values: Values) -> str:
        reading = reading_of(values)
        if reading.plan is None:
            faults = [str(fault) for fault in reading.faults]
            more = f" (and {len(faults) - FAULTS_SHOWN} more)" if len(faults) > FAULTS_SHOWN else ""
            return "; ".join(faults[:FAULTS_SHOWN]) + more
        return engine.disabled_reason(CreatePlan(reading.plan))

    def finish(values: Values | None) -> None:
        plan = reading_of(values).plan if values is not None else None
        if plan is None:
            return

        def decided(yes: bool | None) -> None:
            if yes:
                order(screen.app, engine, CreatePlan(plan))
                created(plan.name)

        screen.app.push_screen(PlanDialog(plan, findings(plan)), decided)

    fields = (
        Field("plan", ours("plan"), "area", placeholder=ours("# Name, then ## a heading for each task, with after: …")),
        Field("file", ours("or file"), placeholder=ours("a path here")),
        Field("name", ours("name"), placeholder=ours("as the plan says, or its file")),
    )
    intro = ours("Below each task: after: · role: · paths: · accept: · minutes: · tags: · and what there is to know.")
    form = FormDialog(ours("New plan"), fields, check, intro=intro)
    form.add_class("plan")
    screen.app.push_screen(form, finish)
