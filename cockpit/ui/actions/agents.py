"""Agents and their VMs: spawn, pause, resume, relaunch, commit, branch. Targets are frozen by the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.model.commands.life import Dismiss, Relaunch
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.conversation import forgets, is_forgetful
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent, Vm
from cockpit.model.ids import VmId
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.model.names import vm_called
from cockpit.model.reconciliation import findings_on
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Handler, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.many import each, of_vm
from cockpit.ui.actions.reasons import agent_command, needs_agent, vm_command
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, FormDialog, GuardedForm, Values
from cockpit.ui.dialogs.spawn.form import SpawnDialog
from cockpit.ui.dialogs.spawn.line import WHOLE_FORM, SpawnLineDialog
from cockpit.ui.dialogs.spawn.steps import MADE
from cockpit.ui.dialogs.texts import findings_text, why_sub_agent_text, why_text, why_vm_text
from cockpit.ui.dialogs.working import WorkingDialog
from cockpit.ui.look.rows.machines import vm_words
from cockpit.ui.widgets.choice_field import Choice

MOST_COPIES = 20
"""Copies that one branch may make."""


def _spawn(home: HomePort) -> None:
    """Ask for a line, or for the whole form, and go to the agent that was made."""
    vm = home.selected_vm()
    source = vm.source if vm is not None else ""

    def finish(values: Values | None) -> None:
        if values is not None and WHOLE_FORM in values:
            home.open_dialog(SpawnDialog(home.engine, source, values), finish)
        elif values is not None:
            home.go_to(f"agent:{values[MADE]}")

    home.open_dialog(SpawnLineDialog(home.engine, source), finish)


def _needs_agent_or_vm(situation: Situation) -> str:
    return "" if situation.pane == "vms" and situation.vm is not None else needs_agent(situation)


def _why(home: HomePort) -> None:
    agent, vm = home.agent, home.selected_vm()
    if vm is not None and home.pane == "vms" and home.fleet.agent_on(vm.id) is None:
        found = findings_on(home.fleet, vm.id, home.engine.now())
        text = findings_text(found) if found else why_vm_text(vm)
        home.open_dialog(TextDialog(ours("Why nobody has this"), text))
    elif (within := home.sub_agent) is not None:
        text = why_sub_agent_text(within, home.fleet.vm(within.agent.vm_id), home.engine.now())
        home.open_dialog(TextDialog(our_line("Why “{}” is shown so", within.task.what), text))
    elif agent is not None:
        text = why_text(agent, home.fleet.vm(agent.vm_id), home.engine.now(), home.fleet.silence_of(agent.source))
        home.open_dialog(TextDialog(our_line("Why {} is shown so", agent.name), text))


def _pause(home: HomePort) -> None:
    """Freeze a VM; one whose agent works only if that is said, or after its run has ended."""
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id
    said = our_line("paused {} · {} resume", _short_name(home, vm), home.key_of("vm.resume"))
    refused = home.engine.refusal(Pause(target))
    if refused is None or refused.code is not RefusalCode.WORKING:
        home.promise(home.command(Pause(target)), said)
        return

    def finish(choice: str | None) -> None:
        if choice is not None:
            home.promise(home.command(Pause(target, now=choice == "now", abort=choice == "abort")), said)

    home.open_dialog(WorkingDialog(_short_name(home, vm)), finish)


def _resume(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is not None:
        home.command(Resume(vm.id))


def _relaunch(home: HomePort) -> None:
    """Start it again at once, unless it would begin anew: then that is asked."""
    agent = home.agent
    if agent is None:
        return
    target = agent.id
    if not is_forgetful(agent):
        home.command(Relaunch(target))
        return

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(Relaunch(target, anew=True))

    consequence = our_line("{}, and ends with it: it begins anew.", forgets(agent))
    home.open_dialog(ConfirmDialog(ours("Relaunch"), [our_line("{}", agent.name)], consequence), finish)


def _change_program(home: HomePort) -> None:
    """Ask whether an agent may go on with another version than the one it was started with."""
    agent = home.agent
    if agent is None:
        return
    target = agent.id
    started = " ".join(word for word in (agent.program, agent.version, agent.program_path) if word)

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(Relaunch(target, change_program=True))

    consequence = ours("It goes on, in its conversation, with the version that is installed there now.")
    home.open_dialog(
        ConfirmDialog(ours("Relaunch"), [our_line("{} · started with {}", agent.name, started)], consequence), finish
    )


def _commit(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id

    def command(values: Values) -> Commit:
        return Commit(target, values["name"], clean=values["keys"] == "out")

    def check(values: Values) -> str:
        return home.engine.disabled_reason(command(values))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(command(values))

    field = Field("name", ours("name"), placeholder=ours("golden-2"))
    ways = (Choice("in", ours("stay in it")), Choice("out", ours("left out: the agent is stopped meanwhile")))
    keys = Field("keys", ours("keys"), "choice", value="in", choices=ways)
    intro = our_line("Snapshot of {}: {}.", vm_words(home.fleet, vm), IN_THE_COMMIT)
    home.open_dialog(FormDialog(ours("Commit"), (field, keys), check, intro=intro), finish)


def _branch(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id

    def check(values: Values) -> str:
        number = values["count"]
        fits = number.isascii() and number.isdecimal() and 1 <= int(number) <= MOST_COPIES
        if not fits:
            return f"copies: a number from 1 to {MOST_COPIES}"
        return home.engine.disabled_reason(Branch(target, int(number)))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(Branch(target, int(values["count"])))

    field = Field("count", ours("copies"), value="1")
    agent = home.fleet.agent_on(target)
    anew = f"; {forgets(agent)}: they begin anew" if agent is not None and is_forgetful(agent) else ""
    intro = our_line("Copies of {}{}", vm_words(home.fleet, vm), anew)
    home.open_dialog(GuardedForm(ours("Branch"), (field,), check, intro=intro), finish)


def _to_dismiss(vm: Vm | None, agent: Agent | None) -> VmId | None:
    """Return which VM is meant: an agent elsewhere has none that is listed here."""
    return vm.id if vm is not None else agent.vm_id if agent is not None else None


def _dismissible(situation: Situation) -> str:
    target = _to_dismiss(situation.vm, situation.agent)
    return "nothing is selected" if target is None else situation.engine.disabled_reason(Dismiss(target))


def _dismiss(home: HomePort) -> None:
    vm, agent = home.selected_vm(), home.agent
    target = _to_dismiss(vm, agent)
    if target is None:
        return
    lives = home.fleet.agent_on(target)
    unknown = f"{kind_words(home.fleet.vm(target))} {target[:8]}, and nothing was done to it"
    said = our_line("dismissed {}", lives.name if lives is not None else unknown)
    home.promise(home.command(Dismiss(target)), said)


def _offered_key(situation: Situation) -> str:
    agent = situation.agent
    if agent is None:
        return "nothing is selected"
    return situation.engine.disabled_reason(TrustHostKey(agent.vm_id, agent.link.offered_key))


def _trust_host_key(home: HomePort) -> None:
    """Ask with the key frozen: one that is shown later is refused again."""
    agent = home.agent
    if agent is None:
        return
    command = TrustHostKey(agent.vm_id, agent.link.offered_key)

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(command)

    consequence = our_line("{}. Yes only if you know why it changed.", agent.link.reason)
    named = our_line("{} · {} {}", agent.name, kind_words(home.fleet.vm(agent.vm_id)), agent.vm_id)
    home.open_dialog(ConfirmDialog(ours("Trust host key"), [named], consequence), finish)


def _short_name(home: HomePort, vm: Vm) -> Clean:
    return clean_line(vm_called(vm.id, home.fleet.agents, (vm,)))


_LISTS = ("agents", "vms")


def _vm_action(
    id: str,
    keys: str,
    label: str,
    description: str,
    handler: Handler,
    command: Callable[[Vm], Pause | Resume | Commit | Branch],
    panes: tuple[str, ...],
    *,
    dangerous: bool = False,
    many: str = "",
) -> Action:
    """Declare a change of the selected VM, which the engine may refuse; `many` says what it means for marked agents."""
    reason = vm_command(command)
    declared = Action(id, keys, label, "Agents", description, handler, reason, panes, writes=True, dangerous=dangerous)
    if not many:
        return declared
    return replace(
        declared, many=each(our_line("{}{}", label[:1].upper(), label[1:]), clean_line(many), of_vm(command))
    )


ACTIONS: tuple[Action, ...] = (
    Action(
        "agent.spawn",
        "n",
        "spawn",
        "Agents",
        "Make agents in one line, or with all fields: lieutenants and workers",
        _spawn,
        panes=("agents", "vms", "feed"),
        writes=True,
    ),
    Action("agent.why", "w", "why", "Agents", "Say why this agent is shown as it is", _why, _needs_agent_or_vm, _LISTS),
    _vm_action(
        "vm.pause",
        "z",
        "pause",
        "Freeze the agent and all that it runs",
        _pause,
        lambda vm: Pause(vm.id, now=True),
        _LISTS,
        many="They freeze, those at work in the midst of it. Resume goes on.",
    ),
    _vm_action(
        "vm.resume",
        "r",
        "resume",
        "Continue a paused agent where it was",
        _resume,
        lambda vm: Resume(vm.id),
        _LISTS,
        many="They go on where they were.",
    ),
    Action(
        "agent.relaunch",
        "R",
        "relaunch",
        "Agents",
        "Start the agent again after its process died",
        _relaunch,
        agent_command(lambda agent: Relaunch(agent, anew=True)),
        writes=True,
        many=each(
            ours("Relaunch"),
            ours("Who keeps no conversation begins anew."),
            lambda _, agent: Relaunch(agent.id, anew=True),
        ),
    ),
    Action(
        "agent.change_program",
        "",
        "relaunch with what is installed now",
        "Agents",
        "Relaunch with another version of its program",
        _change_program,
        agent_command(Relaunch),
        writes=True,
        dangerous=True,
    ),
    _vm_action(
        "vm.commit",
        "C",
        "commit",
        "Take a snapshot of the VM",
        _commit,
        lambda vm: Commit(vm.id),
        ("vms",),
        many="A commit is taken of each, keys and all.",
    ),
    _vm_action(
        "vm.branch",
        "B",
        "branch",
        "Copy the VM and start the copies",
        _branch,
        lambda vm: Branch(vm.id),
        ("vms",),
        many="One copy of each is made and started.",
    ),
    Action(
        "vm.trust_host_key",
        "",
        "trust host key",
        "Agents",
        "Trust the host key that is shown now",
        _trust_host_key,
        _offered_key,
        writes=True,
        dangerous=True,
    ),
    Action(
        "vm.dismiss",
        "",
        "dismiss",
        "Agents",
        "Hear no more of what is perhaps ours, or elsewhere",
        _dismiss,
        _dismissible,
        writes=True,
    ),
)
