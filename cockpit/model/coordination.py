"""What the engine's port promises about the shared state of a swarm: one property for each service or duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.acts import ActsPort
    from cockpit.model.away import AwayPort
    from cockpit.model.desk import DeskPort
    from cockpit.model.inbox.port import InboxPort
    from cockpit.model.news.port import FeedPort
    from cockpit.model.notices.port import NoticesPort
    from cockpit.model.own.port import OwnPort
    from cockpit.model.plan.port import PlansPort
    from cockpit.model.preferences import PreferencesPort
    from cockpit.model.recovery import RecoveryPort
    from cockpit.model.shared.hub import SkillsPort
    from cockpit.model.shared.link import LinkPort
    from cockpit.model.shared.records import RecordsPort
    from cockpit.model.shared.registered import RegisteredPort
    from cockpit.model.tasks.port import BoardPort
    from cockpit.model.usage.port import UsagePort


class CoordinationPort(Protocol):
    """The shared state of a swarm, beyond its tasks and events, which stand in the fleet."""

    @property
    def places(self) -> tuple[str, ...]:
        """The sources that have board, feed and registry, by name, in the order of preference."""

    @property
    def recovery(self) -> RecoveryPort:
        """What a crash left behind."""

    @property
    def inbox(self) -> InboxPort:
        """Rules over commands, and what became of questions."""

    @property
    def usage(self) -> UsagePort:
        """What agents and machines cost."""

    @property
    def away(self) -> AwayPort:
        """What happened while the operator was away."""

    @property
    def acts(self) -> ActsPort:
        """What was done here."""

    @property
    def preferences(self) -> PreferencesPort:
        """What is kept of the operator's small choices."""

    @property
    def notices(self) -> NoticesPort:
        """Calls the operator who looks elsewhere."""

    @property
    def board(self) -> BoardPort:
        """The board: how fresh it is, and its tasks as texts."""

    @property
    def feed(self) -> FeedPort:
        """The feed: how fresh it is, and what its server counts."""

    @property
    def plans(self) -> PlansPort:
        """Plans, and whether their tasks are handed out here."""

    @property
    def skills(self) -> SkillsPort:
        """The SkillHub."""

    @property
    def records(self) -> RecordsPort:
        """Log, journal, reports and the ledger of commits."""

    @property
    def registry(self) -> RegisteredPort:
        """Who says that it is alive."""

    @property
    def link(self) -> LinkPort:
        """Links into the dashboard."""

    @property
    def desk(self) -> DeskPort:
        """What the operator arranged for the lists."""

    @property
    def own(self) -> OwnPort:
        """Columns and commands of the operator's own."""
