"""The operator's notebook: held here, so that it is there at once, and written to the store behind the operator."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from cockpit.model.ids import AgentId
from cockpit.model.notebook.draft import NO_DRAFT, Draft, Sent
from cockpit.model.notebook.secrets import holds_secret, is_short
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

WRITE_EVERY = 0.5
"""Seconds that what was written may be lost by a crash: between two writings of a draft."""

TRY_AGAIN = 5.0
"""Seconds until what the disk refused is written again."""

VALUES = "values of "
"""Begins the name under which the last values of a form are kept."""


class Notebook:
    """Implements `cockpit.model.notebook.port.NotebookPort`."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._drafts: dict[AgentId, Draft] = {}
        self._followed: dict[AgentId, Callable[[], Draft]] = {}
        self._sent: list[Sent] = []
        self._values: dict[str, dict[str, str]] = {}
        self._changed_drafts: set[AgentId] = set()
        self._new_sent: list[Sent] = []
        self._changed_values: set[str] = set()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Bring back what an earlier cockpit kept; without history there is nothing to bring back."""
        try:
            self._drafts = await self._store.notebook.drafts()
            self._sent = list(await self._store.notebook.sent())
            kept = await self._store.choices.kept()
        except StoreError as error:
            log.error("%s", error)
            return
        self._values = {
            name.removeprefix(VALUES): json.loads(value) for name, value in kept.items() if name.startswith(VALUES)
        }

    async def run(self) -> None:
        """Write what changes."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(WRITE_EVERY)
            if not await self._write():
                await asyncio.sleep(TRY_AGAIN)

    async def close(self) -> None:
        """Write what is not written."""
        await self._write()

    async def _write(self) -> bool:
        """Write what changed; what the disk refuses stays to be written. Return whether all is there."""
        async with self._writing:  # at the end somebody else may be in the midst of it
            return await self._write_all()

    async def _write_all(self) -> bool:
        self._changed.clear()
        log_of = self._store.notebook
        try:
            # What changes while it is written is written again.
            for agent in tuple(self._changed_drafts):
                self._changed_drafts.discard(agent)
                draft = self.draft(agent)
                try:
                    kept = NO_DRAFT if await _holds_secret(draft.text) else draft
                    await log_of.keep_draft(agent, kept, self._now())
                except StoreError:
                    self._changed_drafts.add(agent)
                    raise
            while self._new_sent:
                sent = self._new_sent[0]
                if await _holds_secret(sent.text):
                    self._sent = [one for one in self._sent if one is not sent]
                else:
                    await log_of.add_sent(sent)
                del self._new_sent[0]
            while self._changed_values:
                form = self._changed_values.pop()
                try:
                    await self._store.choices.keep(VALUES + form, json.dumps(self._values[form]))
                except StoreError:
                    self._changed_values.add(form)
                    raise
        except StoreError as error:
            log.error("%s", error)
            self._changed.set()
            return False
        return True

    # --- what the operator sees ----------------------------------------------------------------------

    def draft(self, agent: AgentId) -> Draft:
        """Return what is written to an agent and not sent."""
        read = self._followed.get(agent)
        return read() if read is not None else self._drafts.get(agent, NO_DRAFT)

    def keep_draft(self, agent: AgentId, draft: Draft) -> None:
        """Keep what is written to an agent; an empty one is forgotten."""
        followed = self._followed.pop(agent, None)
        if followed is None and draft == self.draft(agent):
            return
        if draft == NO_DRAFT:
            self._drafts.pop(agent, None)
        else:
            self._drafts[agent] = draft
        self._changed_drafts.add(agent)
        self._changed.set()

    def follow_draft(self, agent: AgentId, read: Callable[[], Draft]) -> None:
        """Take that what is written to an agent changed; it is read when it is wanted."""
        self._followed[agent] = read
        self._changed_drafts.add(agent)
        self._changed.set()

    def sent(self, agent: AgentId) -> tuple[str, ...]:
        """Return the texts that were sent to an agent, the newest last."""
        return tuple(one.text for one in self._sent if one.agent == agent)

    def all_sent(self) -> tuple[Sent, ...]:
        """Return the texts that were sent to anybody, the newest first."""
        return tuple(reversed(self._sent))

    def note_sent(self, agent: AgentId, text: str) -> None:
        """Keep a text that is being sent, unless it looks as if it held a secret: of a long one that is found later."""
        if is_short(text) and holds_secret(text):
            return
        sent = Sent(agent, text, self._now())
        self._sent = [one for one in self._sent if (one.agent, one.text) != (agent, text)]
        self._sent.append(sent)
        self._new_sent.append(sent)
        self._changed.set()

    def last_values(self, form: str) -> Mapping[str, str]:
        """Return what a form held when it was last submitted."""
        return self._values.get(form, {})

    def keep_values(self, form: str, values: Mapping[str, str]) -> None:
        """Keep what a form holds, without what looks as if it held a secret."""
        kept = {name: value for name, value in values.items() if not holds_secret(value)}
        if kept != self._values.get(form):
            self._values[form] = kept
            self._changed_values.add(form)
            self._changed.set()


async def _holds_secret(text: str) -> bool:
    """Tell whether a text looks as if it held a secret; a long one is looked through beside the loop."""
    return holds_secret(text) if is_short(text) else await asyncio.to_thread(holds_secret, text)
