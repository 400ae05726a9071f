"""What does not fit: its evidence, and the act that is suggested, on one key. Nothing is done by itself."""

from __future__ import annotations

from cockpit.model.commands.life import Adopt, Deregister, Relaunch, Undo
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import VmId
from cockpit.model.proposals import proposed_kind, proposed_name
from cockpit.model.reconciliation import Finding, Suggestion, findings_on
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line, our_text
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.ends import ask_to_destroy
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.identity import rename
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, GuardedForm, Values
from cockpit.ui.dialogs.texts import findings_text
from cockpit.ui.widgets.choice_field import Choice

NOTHING_WRONG = ours("nothing is wrong with it, as far as is known")


def _vm_in_hand(home: HomePort) -> VmId | None:
    """Return the VM under the cursor of its pane, be it gone, else the selected agent's."""
    if home.pane == "vms":
        return VmId(home.list_pane("vms").cursor_key) or None
    return home.agent.vm_id if home.agent is not None else None


def _needs_finding(situation: Situation) -> str:
    if situation.pane == "vms" and situation.vm is None:
        return ""  # The row of a VM that is gone: the handler knows which.
    vm_id = situation.vm.id if situation.vm is not None else None
    if findings_on(situation.fleet, vm_id, situation.engine.now()):
        return ""
    return NOTHING_WRONG


def _show(home: HomePort) -> None:
    """Show what does not fit with the VM in hand."""
    found = findings_on(home.fleet, _vm_in_hand(home), home.engine.now())
    if found:
        home.open_dialog(TextDialog(our_line("What does not fit: {}", found[0].called), findings_text(found)))
    else:
        home.warn(NOTHING_WRONG, title=ours("What does not fit"))


def _mend(home: HomePort) -> None:
    """Do what is suggested: what only adds is done at once, what takes away asks first."""
    found = findings_on(home.fleet, _vm_in_hand(home), home.engine.now())
    finding = next((finding for finding in found if finding.suggestion is not Suggestion.WAIT), None)
    if finding is None:
        _show(home)
    else:
        mend(home, finding)


def mend(home: HomePort, finding: Finding) -> None:
    """Do what is suggested about one thing that does not fit, which stays the one that was shown."""
    target = finding.vm
    match finding.suggestion:
        case Suggestion.ADOPT:
            name = proposed_name(target, home.fleet, finding.directory)
            _order_adoption(home, Adopt(target, name, proposed_kind(target, home.fleet), directory=finding.directory))
        case Suggestion.RELAUNCH if finding.agent is not None:
            home.command(Relaunch(finding.agent))
        case Suggestion.UNDO if finding.commit is not None:
            home.command(Undo(finding.commit))
        case Suggestion.DESTROY if (vm := home.fleet.vm(target)) is not None:
            ask_to_destroy(home, vm, ". ".join(finding.evidence))
        case Suggestion.DEREGISTER:
            _ask_to_deregister(home, finding)
        case Suggestion.RENAME if (agent := home.fleet.agent_on(target)) is not None:
            rename(home, agent)
        case _:
            home.open_dialog(TextDialog(our_line("What does not fit: {}", finding.called), findings_text([finding])))


def _ask_to_deregister(home: HomePort, finding: Finding) -> None:
    """Ask with the target and the evidence frozen."""
    command = Deregister(finding.vm)

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(command)

    named = f"{finding.called} · " if finding.called != finding.vm else ""
    consequence = "Registry and other tools' files forget it. Nothing else is touched."
    said = our_text("{}.\n\n{}", ". ".join(finding.evidence), consequence)
    home.open_dialog(ConfirmDialog(ours("Deregister"), [our_line("{}VM {}", named, finding.vm)], said), finish)


def _order_adoption(home: HomePort, command: Adopt) -> None:
    if refused := home.engine.disabled_reason(command):
        home.warn(clean_line(refused), title=ours("Not adopted"))
        return
    home.promise(home.command(command), our_line("adopted {} {}", command.kind.value, command.name))


def _adoptable(situation: Situation) -> str:
    vm = situation.vm
    if vm is None:
        return "nothing is selected"
    return situation.engine.disabled_reason(Adopt(vm.id, proposed_name(vm.id, situation.fleet)))


def _adopt(home: HomePort) -> None:
    """Ask what an agent that is taken over is called, where it lives, and which part it plays."""
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id
    kinds = tuple(Choice(kind.value, clean_line(kind.value)) for kind in AgentKind)
    fields = (
        Field("name", ours("name"), value=proposed_name(target, home.fleet)),
        Field("kind", ours("kind"), "choice", proposed_kind(target, home.fleet).value, choices=kinds),
        Field("role", ours("role"), placeholder=ours("what it is for, in your words")),
        Field("directory", ours("lives at"), placeholder=ours("the known places are looked at")),
    )

    def command(values: Values) -> Adopt:
        return Adopt(target, values["name"], AgentKind(values["kind"]), values["role"], values["directory"])

    def finish(values: Values | None) -> None:
        if values is not None:
            _order_adoption(home, command(values))

    def check(values: Values) -> str:
        return home.engine.disabled_reason(command(values))

    intro = our_line("The agent on {} {}; nothing is sent to it", kind_words(home.fleet.vm(target)), target)
    home.open_dialog(GuardedForm(ours("Adopt"), fields, check, intro=intro), finish)


ACTIONS: tuple[Action, ...] = (
    Action(
        "vm.mend",
        "M",
        "mend",
        "Agents",
        "Do what is suggested where something does not fit (what takes away asks first)",
        _mend,
        _needs_finding,
        panes=("vms",),
        writes=True,
    ),
    Action("vm.findings", "", "what does not fit", "Agents", "Say what does not fit, and why", _show, _needs_finding),
    Action("agent.adopt", "", "adopt", "Agents", "Take over the agent that was found", _adopt, _adoptable, writes=True),
)
