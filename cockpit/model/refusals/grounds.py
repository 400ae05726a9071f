"""On what grounds a command is refused, and what a fleet has besides what its snapshot shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cockpit.model.family import UNBOUNDED, FamilyBounds

if TYPE_CHECKING:
    from cockpit.model.fleet import Agent


class RefusalCode(StrEnum):
    """What kind of refusal it is; callers decide by this, people read the sentence."""

    READ_ONLY = "read only"
    UNSENDABLE = "unsendable"
    NO_TEXT = "no text"
    NO_AGENT = "no agent"
    NO_VM = "no VM"
    NO_TASK = "no task"
    NO_COMMIT = "no commit"
    NO_COLUMN = "no column"
    NO_BOARD = "no board"
    NO_PROGRAM = "no program"
    NO_COLOUR = "no colour"
    NO_BUDGET = "no budget"
    BAD_NAME = "bad name"
    NAME_TAKEN = "name taken"
    BAD_SIZE = "bad size"
    BAD_NUMBER = "bad number"
    BAD_VARIABLE = "bad variable"
    """The platform could not keep a variable of this name or value."""
    BAD_THINKING = "bad thinking"
    """The kind of agent has no such level."""
    BAD_MODE = "bad mode"
    """The kind of agent has no such permission mode."""
    ELSEWHERE = "elsewhere"
    """The VM belongs to another account."""
    ADOPTED = "adopted"
    """The agent that is to be taken over is here."""
    NOT_IN_DOUBT = "not in doubt"
    """Nothing but what is perhaps ours, or elsewhere, can be dismissed."""
    NOT_OFFERED = "not offered"
    """The host key is not the one that the VM showed last."""
    VM_POWER = "VM power"
    """The VM's power does not allow it."""
    FORGETS = "forgets"
    """The agent's conversation is in its process alone, and would be lost."""
    WORKING = "working"
    """The agent works: what would stop it in the middle is to be said twice."""
    PROCESS_DEAD = "process dead"
    PROCESS_ALIVE = "process alive"
    NOT_CONNECTED = "not connected"
    QUESTION_CLOSED = "question closed"
    QUESTION_CHANGED = "question changed"
    """What waits under the same id is not what was read."""
    NOT_WAITING = "not waiting"
    """The text is in the queue no longer."""
    LACKING = "lacking"
    """Agents of its kind do not know such a command."""
    PROTECTED = "protected"
    """The VM hosts the services that all others need."""
    FAMILY_FULL = "family full"
    """The agent's parent may have no child more."""
    NO_SOURCE = "no source"
    PLAIN_HOST = "plain host"
    """It needs a platform of VMs, and the source is a plain SSH host."""
    NO_STEP = "no step"
    """The recipe has no such step."""
    IN_USE = "in use"
    """Something is set to use it."""
    ALREADY = "already"
    """What was asked for is so already: no failure to somebody who wants it so."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command is not carried out now."""

    code: RefusalCode
    sentence: str


READ_ONLY = Refusal(RefusalCode.READ_ONLY, "the cockpit is read-only")

NO_AGENT = Refusal(RefusalCode.NO_AGENT, "there is no such agent")


def of_another_account(agent: Agent) -> Refusal | None:
    """Return why nothing is done to an agent whose VM belongs to another account, or None."""
    if not agent.elsewhere:
        return None
    return Refusal(RefusalCode.ELSEWHERE, f"{agent.name} belongs to another account: {agent.elsewhere}")


@dataclass(frozen=True, slots=True)
class Facilities:
    """What a fleet has besides its VMs, agents and tasks."""

    programs: tuple[tuple[str, str], ...] = ()
    """The agent programs, each with the reason it cannot be started, or empty text."""
    default_program: str = ""
    has_board: bool = False
    golden_image: str = ""
    """The commit new agents are restored from when none is named."""
    claimed: frozenset[str] = frozenset()
    """Names of agents that are being made."""
    making: tuple[str, ...] = ()
    """The parents of those, one for each, in words that say who is meant."""
    bounds: FamilyBounds = UNBOUNDED
    """What an agent and all below it may have."""
    no_infra: Refusal | None = None
    """Why no VM for the services is made here; None where one can be."""
    thinking: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The agent programs that can be told how much to think, each with its words for that."""
    permission_modes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The agent programs that can be told what they may do unasked, each with its words for that."""
    routed_ports: tuple[int, ...] = ()
    """The ports of a VM that the platform serves to everybody."""
