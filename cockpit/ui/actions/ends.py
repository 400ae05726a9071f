"""The ends of agents and what brings them back: destroy with undo, undo, restore. Targets are frozen by the key."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.ages import age_text, span_text
from cockpit.model.checkpoints import checkpoint_of
from cockpit.model.commands.agent import task_for
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy, Restore, Undo
from cockpit.model.commands.vm import Retry
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent, AgentKind, Fleet, Vm
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.kept import IN_THE_COMMIT, KEEP_STEP, KeptCommit, undoable
from cockpit.model.loss import Loss
from cockpit.model.operation import Operation
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line, our_text
from cockpit.ui.actions.action import Action, ForMany, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.many import give, refusals
from cockpit.ui.actions.reasons import NO_AGENT, vm_command
from cockpit.ui.dialogs.destroy import DestroyDialog
from cockpit.ui.dialogs.form import Field, GuardedForm, Values
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import age, content
from cockpit.ui.look.rows.machines import vm_words
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.undo import LastAct
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.row_list import Row


def _destroy(home: HomePort) -> None:
    """Ask with the target frozen; a long-lived agent's name must be typed, for its context is lost."""
    vm = home.selected_vm()
    if vm is not None:
        ask_to_destroy(home, vm)


def _none_to_destroy(situation: Situation) -> str:
    reasons = [situation.engine.disabled_reason(Destroy(agent.vm_id)) for agent in situation.marked]
    return "" if not all(reasons) else reasons[0]


def _destroy_marked(home: HomePort, agents: Sequence[Agent]) -> None:
    """Ask once for all, with what would be lost with each; their number must be typed."""
    orders: dict[AgentId, Command] = {agent.id: Destroy(agent.vm_id) for agent in agents}
    refused = refusals(home, orders)
    meant = [agent for agent in agents if agent.id not in refused]
    lines = [
        our_line("{} {} · {} {}", agent.kind.value, agent.name, kind_words(home.fleet.vm(agent.vm_id)), agent.vm_id)
        for agent in meant
    ]

    async def look() -> Sequence[Loss]:
        return await home.engine.losses.look([agent.vm_id for agent in meant])

    def finish(yes: bool | None) -> None:
        if yes:
            give(home, {agent.id: orders[agent.id] for agent in meant}, refused)

    kept = our_line("A commit of each is kept first ({} undo): {}.", home.key_of("agent.undo"), IN_THE_COMMIT)
    left = [agent.name for agent in agents if agent.id in refused]
    consequence = our_line("{} Not now: {}.", kept, ", ".join(left)) if left else kept
    home.open_dialog(DestroyDialog(lines, consequence, look, word=str(len(meant))), finish)


def ask_to_destroy(home: HomePort, vm: Vm, evidence: str = "") -> None:
    """Ask whether a VM is to go, with what would be lost with it, whatever led to the question.

    Args:
        home: the screen.
        vm: the VM; it is the target, whatever the cursor does from now on.
        evidence: why it is suggested.
    """
    _ask(home, vm.id, _target(home, vm), undo=True, evidence=evidence)


def _ask(home: HomePort, target: VmId, named: Clean, *, undo: bool, why: str = "", evidence: str = "") -> None:
    """Ask, and ask once more where no commit could be taken.

    Args:
        target: the VM.
        named: as the operator reads it.
        undo: take a commit first.
        why: why none could be taken, on the second question.
        evidence: why it is suggested, on the first one.
    """
    agent = home.fleet.agent_on(target)
    keeps = agent is not None and agent.kind is not AgentKind.WORKER
    consequence = our_line("A commit is kept first ({} undo): {}.", home.key_of("agent.undo"), IN_THE_COMMIT)
    if evidence:
        consequence = our_text("{}.\n\n{}", evidence, consequence)
    if not undo:
        consequence = our_line("{} Without it nothing brings the VM back: it goes for good.", why)

    async def look() -> Sequence[Loss]:
        return await home.engine.losses.look([target])

    def ask_again(operation: Operation) -> None:
        failed = operation.steps[-1] if operation.steps else None
        if failed is not None and failed.name == KEEP_STEP and home.fleet.vm(target) is not None:
            _ask(home, target, named, undo=False, why=failed.error)

    def finish(yes: bool | None) -> None:
        if yes:
            command = home.command(Destroy(target, undo=undo))
            if undo:
                home.otherwise(command, ask_again)

    title = ours("Destroy") if undo else ours("Destroy without undo")
    word = agent.name if agent is not None and keeps else ""
    home.open_dialog(DestroyDialog([named], consequence, look, word=word, title=title), finish)


def _target(home: HomePort, vm: Vm) -> Clean:
    lived = f", up {age(home.engine.now() - vm.created_at)}" if vm.created_at else ""
    return our_line("{} · {} {}{}", vm_words(home.fleet, vm), kind_words(vm), vm.id, lived)


def _nothing_to_undo(situation: Situation) -> str:
    if situation.undoes or undoable(situation.fleet.kept):
        return ""
    return "nothing was done that can be undone, and no destroyed agent is kept"


def _undo(home: HomePort) -> None:
    """Undo what was done last; where that is an agent's end, let the operator choose who is brought back."""
    kept = undoable(home.fleet.kept)
    now = home.engine.now()
    act = home.last_acts.newest
    if act is not None and all(one.at <= act.at for one in kept):
        _take_back(home)
        return

    def rows(width: int) -> list[tuple[Row, str]]:
        return [(Row(one.commit or "", content(_row(one, now))), f"{one.name} {one.kind} {one.vm}") for one in kept]

    def finish(commit: str | None) -> None:
        chosen = next((one for one in kept if one.commit == commit), None)
        if chosen is not None and chosen.commit is not None:
            _bring_back(home, chosen, chosen.commit)

    home.open_dialog(PickDialog(ours("Undo destroy"), rows, ours("No destroyed agent is kept.")), finish)


def _take_back(home: HomePort) -> None:
    """Undo the newest act of this screen; what is still under way is undone as soon as it is done."""
    act = home.last_acts.take(lambda done: _carry_back(home, done))
    if act is None:
        return
    if act.command is not None:
        notice(home.app, our_line("undone as soon as it is done: {}", act.said))
    else:
        _carry_back(home, act)


def _carry_back(home: HomePort, act: LastAct) -> None:
    """Undo what is done."""
    if callable(act.undo):
        act.undo()
        notice(home.app, our_line("undone: {}", act.said), timeout=3)
    elif reason := home.engine.disabled_reason(act.undo):
        home.warn(clean_line(reason), title=our_line("Undo: {}", act.said))
    else:
        home.promise(home.engine.dispatch(act.undo), our_line("undone: {}", act.said))


def _row(kept: KeptCommit, now: float) -> list[tuple[Clean, str]]:
    left = span_text(max(0.0, kept.expires_at - now)) if kept.expires_at is not None else "–"
    size = f", {kept.size.memory_mib} MiB" if kept.size is not None and kept.size.memory_mib else ""
    return [
        (ours(" ↶ "), "$accent"),
        (fit_name(clean_line(kept.name), 24), "bold"),
        (
            our_line(" {} destroyed {} ago, kept {} more{}", kept.kind or "VM", age_text(now - kept.at), left, size),
            "$muted",
        ),
    ]


def _bring_back(home: HomePort, kept: KeptCommit, commit: CommitId) -> None:
    home.promise(home.command(Undo(commit)), our_line("{} is back", kept.name))


def _checkpoint_of(situation: Situation) -> str:
    agent = situation.agent
    if agent is None:
        return NO_AGENT
    kept = checkpoint_of(agent, situation.fleet)
    return "" if kept is not None else f"no commit was taken before a text of {agent.name}: ^o while you write"


def _retry(home: HomePort) -> None:
    """Ask for another text, and go back to before the last one."""
    agent = home.agent
    kept = checkpoint_of(agent, home.fleet) if agent is not None else None
    if agent is None or kept is None or kept.commit is None:
        return
    vm_id, agent_id, commit, name = agent.vm_id, agent.id, kept.commit, clean_line(agent.name)

    def command(values: Values) -> Retry:
        return Retry(vm_id, commit, task_for(agent_id, values["text"]))

    def check(values: Values) -> str:
        return home.engine.disabled_reason(command(values))

    def finish(values: Values | None) -> None:
        if values is not None:
            said = our_line("{} is back where it was, and has the other text", name)
            home.promise(home.command(command(values)), said)

    intro = our_line(
        "{} goes back to {} ago, before “{}”. What it is now can be brought back by undo.",
        name,
        age_text(home.engine.now() - kept.at),
        clean_line(kept.prompt)[:60],
    )
    field = Field("text", ours("instead"), "area", value=kept.prompt, for_agents=True)
    home.open_dialog(GuardedForm(ours("Retry"), (field,), check, intro=intro), finish)


def _restorable(fleet: Fleet) -> list[KeptCommit]:
    """Return the commits of which it is known who was on them, the latest first."""
    there = (kept for kept in fleet.kept if kept.commit is not None and kept.identity)
    return sorted(there, key=lambda kept: kept.at, reverse=True)


def _nothing_to_restore(situation: Situation) -> str:
    return "" if _restorable(situation.fleet) else "no commit of an agent is kept"


def _restore(home: HomePort) -> None:
    """Choose a commit; who was on it is started beside who goes on."""
    kept = _restorable(home.fleet)
    now = home.engine.now()

    def rows(width: int) -> list[tuple[Row, str]]:
        return [(Row(one.commit or "", content(_commit_row(one, now))), f"{one.name} {one.prompt}") for one in kept]

    def finish(commit: str | None) -> None:
        if commit is not None:
            home.promise(home.command(Restore(CommitId(commit))), ours("it is back, beside who goes on"))

    home.open_dialog(PickDialog(ours("Restore"), rows, ours("No commit of an agent is kept.")), finish)


def _commit_row(kept: KeptCommit, now: float) -> list[tuple[Clean, str]]:
    before = our_line(" before “{}”", clean_line(kept.prompt)) if kept.prompt else NOTHING
    return [
        (our_line(" {} ", (kept.commit or "")[:8]), "$accent"),
        (fit_name(clean_line(kept.name), 20), "bold"),
        (our_line(" {} of {} ago", kept.purpose.value, age_text(now - kept.at)), "$muted"),
        (before, "$muted"),
    ]


ACTIONS: tuple[Action, ...] = (
    Action(
        "vm.destroy",
        "D",
        "destroy",
        "Agents",
        "Delete the VM and everything on it",
        _destroy,
        vm_command(lambda vm: Destroy(vm.id)),
        ("agents", "vms"),
        writes=True,
        dangerous=True,
        many=ForMany(_destroy_marked, _none_to_destroy),
    ),
    Action(
        "agent.undo",
        "u",
        "undo",
        "Agents",
        "Undo the last act; a destroyed agent comes back with its conversation",
        _undo,
        _nothing_to_undo,
        writes=True,
    ),
    Action(
        "agent.retry",
        "",
        "retry",
        "Agents",
        "Go back to the commit before the last text, and say something else",
        _retry,
        _checkpoint_of,
        writes=True,
        dangerous=True,
    ),
    Action(
        "agent.restore",
        "",
        "restore",
        "Agents",
        "Make a VM from a commit, and start the agent that was on it",
        _restore,
        _nothing_to_restore,
        writes=True,
    ),
)
