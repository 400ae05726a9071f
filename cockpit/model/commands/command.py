"""Commands: whatever the operator can order, each with its frozen target."""

from __future__ import annotations

from cockpit.model.commands.agent import AgentCommand
from cockpit.model.commands.board import BoardCommand, HandOverTask
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.commands.images import ImageCommand
from cockpit.model.commands.inbox import InboxCommand
from cockpit.model.commands.life import LifeCommand
from cockpit.model.commands.owed import OwedCommand
from cockpit.model.commands.plan import PlanCommand
from cockpit.model.commands.ports import PortCommand
from cockpit.model.commands.queue import QueueCommand
from cockpit.model.commands.shared import SharedCommand
from cockpit.model.commands.swarm import ManyCommand
from cockpit.model.commands.usage import UsageCommand
from cockpit.model.commands.vm import Branch, Commit, KeptTextCommand, Pause, Resume, TrustHostKey
from cockpit.model.commands.work import WorkCommand
from cockpit.model.platform import PlatformCommand

FleetCommand = LifeCommand | Pause | Resume | TrustHostKey | Commit | Branch | KeptTextCommand | ManyCommand


Command = (
    AgentCommand
    | QueueCommand
    | FleetCommand
    | ImageCommand
    | BoardCommand
    | OwedCommand
    | InboxCommand
    | HandOverTask
    | PublishEvent
    | WorkCommand
    | PlanCommand
    | PlatformCommand
    | PortCommand
    | SharedCommand
    | UsageCommand
)
