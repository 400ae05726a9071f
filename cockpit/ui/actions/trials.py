"""Trying the same thing several times: copies of an agent, what they came to, and one command for many."""

from __future__ import annotations

from cockpit.model.commands.swarm import BestOf, FanOut
from cockpit.model.comparison import candidates_of, groups
from cockpit.model.fleet import Agent
from cockpit.model.workers import MOST, fault_of_tasks, tasks_in
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.actions.swarm import ask_to_tear_down, groups_of_workers, has_workers
from cockpit.ui.dialogs.compare import KEEP, CompareDialog
from cockpit.ui.dialogs.course import CourseDialog
from cockpit.ui.dialogs.form import Field, FormDialog, GuardedForm, Values
from cockpit.ui.widgets.choice_field import Choice


def _can_copy(situation: Situation) -> str:
    if situation.agent is None:
        return needs_agent(situation)
    return situation.engine.disabled_reason(BestOf(situation.agent.vm_id, ("a text",)))


def _best_of(home: HomePort) -> None:
    agent = home.agent
    if agent is None:
        return
    vm_id, name = agent.vm_id, agent.name

    def texts_of(values: Values) -> tuple[str, ...]:
        found = tasks_in(values["texts"])
        number = int(values["count"])
        return found * number if len(found) == 1 else found

    def check(values: Values) -> str:
        if not values["count"].isdecimal() or not 1 <= int(values["count"]) <= MOST:
            return f"copies: a number from 1 to {MOST}"
        found = tasks_in(values["texts"])
        if not found:
            return "each copy needs a text"
        if len(found) > 1 and int(values["count"]) not in (1, len(found)):
            return fault_of_tasks(int(values["count"]), found).replace("workers", "copies")
        return home.engine.disabled_reason(BestOf(vm_id, texts_of(values)))

    def finish(values: Values | None) -> None:
        if values is not None:
            given = home.command(BestOf(vm_id, texts_of(values)))
            home.open_dialog(CourseDialog(home.engine, our_line("Best of: copies of {}", name), [given]))

    fields = (
        Field("count", ours("copies"), value="3"),
        Field("texts", ours("text"), "area", placeholder=ours("one for all, or one a line"), for_agents=True),
    )
    intro = our_line("Copies of {}, each with its conversation", name)
    home.open_dialog(GuardedForm(ours("Best of"), fields, check, intro=intro), finish)


def _has_copies(situation: Situation) -> str:
    return "" if groups(situation.fleet) else "there are no copies to compare: `best of` makes some"


def _compare(home: HomePort) -> None:
    """Compare the copies of the selected agent, or of the one that is chosen."""
    names = groups(home.fleet)
    selected = home.agent
    if len(names) == 1 or (selected is not None and selected.name in names):
        chosen = selected.name if selected is not None and selected.name in names else names[0]
        _look(home, chosen)
        return

    def finish(values: Values | None) -> None:
        if values is not None:
            _look(home, values["of"])

    field = Field("of", ours("copies of"), "choice", names[0], choices=tuple(Choice(n, clean_line(n)) for n in names))
    home.open_dialog(FormDialog(ours("Compare"), (field,)), finish)


def _look(home: HomePort, name: str) -> None:
    agents = candidates_of(home.fleet, name)

    async def look() -> None:
        found = await home.engine.comparison.look([agent.id for agent in agents])
        home.open_dialog(CompareDialog(our_line("Copies of {}", name), found), finish)

    def finish(result: str | None) -> None:
        if result == KEEP and home.read_only:
            home.warn(ours("the cockpit is read-only"), title=ours("Not kept"))
        elif result == KEEP:
            _keep(home, name, agents)

    home.app.run_worker(look(), name="compare copies")


def _keep(home: HomePort, name: str, agents: tuple[Agent, ...]) -> None:
    """Ask which copy stays, and go on to tear the others down, which asks once more."""

    def finish(values: Values | None) -> None:
        rest = [agent for agent in agents if values is not None and agent.id != values["keep"]]
        if values is not None and rest:
            ask_to_tear_down(home, rest)

    choices = tuple(Choice(agent.id, clean_line(agent.name)) for agent in agents)
    field = Field("keep", ours("keep"), "choice", agents[0].id, choices=choices)
    home.open_dialog(FormDialog(our_line("Keep one copy of {}", name), (field,)), finish)


def _fan_out(home: HomePort) -> None:
    found = {key: workers for key, _, workers in groups_of_workers(home.fleet)}
    choices = tuple(Choice(key, words) for key, words, _ in groups_of_workers(home.fleet))

    def orders_of(values: Values) -> list[FanOut]:
        sources: dict[str, list[Agent]] = {}
        for agent in found[values["which"]]:
            sources.setdefault(agent.source, []).append(agent)
        return [FanOut(tuple(agent.id for agent in agents), values["command"]) for agents in sources.values()]

    def check(values: Values) -> str:
        return next(filter(None, map(home.engine.disabled_reason, orders_of(values))), "")

    def finish(values: Values | None) -> None:
        if values is not None:
            given = [home.command(order) for order in orders_of(values)]
            home.open_dialog(CourseDialog(home.engine, ours("Fan out"), given))

    fields = (
        Field("which", ours("workers"), "choice", "all", choices=choices),
        Field("command", ours("command"), placeholder=ours("make test")),
    )
    intro = ours("A command of a shell, in each workspace. The agents hear nothing of it.")
    home.open_dialog(GuardedForm(ours("Fan out"), fields, check, intro=intro), finish)


ACTIONS: tuple[Action, ...] = (
    Action(
        "trial.best_of",
        "",
        "best of",
        "Agents",
        "Copy this agent several times and give each copy a text",
        _best_of,
        _can_copy,
        writes=True,
    ),
    Action(
        "trial.compare",
        "",
        "compare",
        "Agents",
        "Show the copies of an agent side by side, and keep one",
        _compare,
        _has_copies,
    ),
    Action(
        "trial.fan_out",
        "",
        "fan out",
        "Agents",
        "Run one command where many workers live",
        _fan_out,
        has_workers,
        writes=True,
    ),
)
