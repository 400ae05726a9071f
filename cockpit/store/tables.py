"""What is kept beside the events, a table or two each; loaded when somebody asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.store.acts import ActLog
    from cockpit.store.announced import Announced
    from cockpit.store.comments import Comments
    from cockpit.store.hand_overs import HandOverLog
    from cockpit.store.inbox.log import InboxLog
    from cockpit.store.lately import LateEvents
    from cockpit.store.lease import Leases
    from cockpit.store.listings import Listings
    from cockpit.store.minutes import GrownFiles
    from cockpit.store.notebook import NotebookLog
    from cockpit.store.owed import OwedLog
    from cockpit.store.reader import Reader
    from cockpit.store.usage.budgets import BudgetLog
    from cockpit.store.usage.log import UsageLog
    from cockpit.store.writer import Writer


class Tables:
    """Over the writer and the reader of one store."""

    leases: Leases
    """Who records which agent; writing does not ask for them, its callers do."""
    _writer: Writer
    _reader: Reader

    @cached_property
    def comments(self) -> Comments:
        """Comments on what agents changed."""
        from cockpit.store.comments import Comments

        return Comments(self._writer, self._reader)

    @cached_property
    def listings(self) -> Listings:
        """What the files of workspaces were, where no git keeps them."""
        from cockpit.store.listings import Listings

        return Listings(self._writer, self._reader)

    @cached_property
    def owed(self) -> OwedLog:
        """What the operator owes the swarm."""
        from cockpit.store.owed import OwedLog

        return OwedLog(self._writer, self._reader)

    @cached_property
    def inbox(self) -> InboxLog:
        """What is put off, and what became of questions."""
        from cockpit.store.inbox.log import InboxLog

        return InboxLog(self._writer, self._reader)

    @cached_property
    def hand_overs(self) -> HandOverLog:
        """Tasks that were handed to agents, until the board shows who has them."""
        from cockpit.store.hand_overs import HandOverLog

        return HandOverLog(self._writer, self._reader, self.leases)

    @cached_property
    def lately(self) -> LateEvents:
        """What was recorded since a moment."""
        from cockpit.store.lately import LateEvents

        return LateEvents(self._reader)

    @cached_property
    def minutes(self) -> GrownFiles:
        """What was recorded since the last look."""
        from cockpit.store.minutes import GrownFiles

        return GrownFiles(self._reader)

    @cached_property
    def acts(self) -> ActLog:
        """What was done here."""
        from cockpit.store.acts import ActLog

        return ActLog(self._reader)

    @cached_property
    def usage(self) -> UsageLog:
        """What agents and VMs took."""
        from cockpit.store.usage.log import UsageLog

        return UsageLog(self._writer, self._reader)

    @cached_property
    def budgets(self) -> BudgetLog:
        """What may be spent, and what was done about it."""
        from cockpit.store.usage.budgets import BudgetLog

        return BudgetLog(self._writer, self._reader)

    @cached_property
    def announced(self) -> Announced:
        """What is said on the feed of agents that do not say it themselves."""
        from cockpit.store.announced import Announced

        return Announced(self._writer, self._reader)

    @cached_property
    def notebook(self) -> NotebookLog:
        """What the operator wrote."""
        from cockpit.store.notebook import NotebookLog

        return NotebookLog(self._writer, self._reader)
