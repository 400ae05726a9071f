"""All owners of one fleet: who a request comes from, and new owners taken in while the server runs."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from cockpit.embedded.api.gate import PUBLIC, is_below, is_token
from cockpit.embedded.api.information import Information
from cockpit.embedded.api.owners.estate import Estate
from cockpit.embedded.api.owners.others import Holding
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.vers.named import NameRecords
from cockpit.embedded.endpoint import read_token
from cockpit.embedded.hosting import Hosting
from cockpit.embedded.owners import FIRST_OWNER, owner_directory, owner_names
from cockpit.embedded.vm_keys import vm_key
from cockpit.errors import ConfigError
from cockpit.vers.credentials import KEY_FORM, owner_id

logger = logging.getLogger(__name__)

BEARER = re.compile(r"Bearer\s+(.+)", re.IGNORECASE)
SESSION = re.compile(r"(?:^|;\s*)session=([^;]+)")


class Household:
    """The estates of all owners; the first is that of whoever has the fleet's own token."""

    def __init__(
        self, records: Records, hosting: Hosting, token: str, root: Path | None, *, vm_limit: int, heartbeat: float
    ) -> None:
        """Open what the first owner has.

        Args:
            records: the first owner's; they stay the caller's to close.
            hosting: what runs the VMs of all.
            token: the first owner's.
            root: the fleet's directory, where further owners are found; None for a fleet of one.
            vm_limit: VMs of all owners that may exist at once.
            heartbeat: seconds between two comments on an event stream.

        Raises:
            ConfigError: the token has not the platform's form.
        """
        self._hosting = hosting
        self._root = root
        self._vm_limit = vm_limit
        self._heartbeat = heartbeat
        self._information = Information()
        self._holdings: list[Holding] = []
        self._refused: dict[str, str] = {}
        self.first = self._open(records, token, FIRST_OWNER, "operator")
        self._further: dict[str, Estate] = {}
        self._former: list[Estate] = []

    def _open(self, records: Records, token: str, organisation: str, user_name: str) -> Estate:
        estate = self._estate(Holding(owner_id(token), organisation, user_name, records, NameRecords(records)), token)
        self._holdings.append(estate.holding)
        return estate

    def _estate(self, holding: Holding, token: str) -> Estate:
        return Estate(
            holding,
            self._holdings,
            self._hosting,
            token,
            vm_limit=self._vm_limit,
            heartbeat=self._heartbeat,
            information=self._information,
        )

    async def take_in(self) -> None:
        """Open what the further owners have that are not known yet; one whose files cannot be used waits, and is named.

        What was half made for them when the server stopped is removed. Who has another token now has what he had, and
        who has none any more is let go.
        """
        names = owner_names(self._root) if self._root is not None else []
        for name in [name for name in self._further if name not in names]:
            await self._let_go(name)
        for name in names:
            if name in self._further:
                self._take_token(name)
                continue
            directory = owner_directory(self._root or Path(), name)
            try:
                token = read_token(directory)
                records = Records(directory / "records.sqlite")
                try:
                    estate = self._open(records, token, name, name)
                except BaseException:
                    records.close()
                    raise
            except (ConfigError, OSError, UnicodeDecodeError) as error:
                if self._refused.get(name) != str(error):
                    self._refused[name] = str(error)
                    logger.error("the owner %s cannot be served: %s", name, error)
                continue
            self._further[name] = estate
            await estate.lifecycle.recover()
            logger.info("serving the owner %s", name)

    def _take_token(self, name: str) -> None:
        """Serve an owner by the token that stands in his file; what the former opened ends."""
        before = self._further[name]
        try:
            token = read_token(owner_directory(self._root or Path(), name))
            if token == before.token:
                return
            holding = replace(before.holding, owner_id=owner_id(token))
            estate = self._estate(holding, token)
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            logger.error("the owner %s cannot be served by another token: %s", name, error)
            return
        self._holdings[self._holdings.index(before.holding)] = holding
        self._further[name] = estate
        # What it was asked for and is under way comes to its end.
        self._former.append(before)
        before.end_streams()
        logger.info("the owner %s has another token", name)

    async def _let_go(self, name: str) -> None:
        """Serve an owner no more; his files are left alone."""
        estate = self._further.pop(name)
        self._holdings.remove(estate.holding)
        records = estate.holding.records
        gone = [estate, *(former for former in self._former if former.holding.records is records)]
        self._former = [former for former in self._former if former not in gone]
        for each in gone:
            await each.close()
        records.close()
        logger.info("the owner %s is served no more", name)

    async def recover(self) -> None:
        """Take up what the last server left."""
        await self.first.lifecycle.recover()
        await self.take_in()

    def end_streams(self) -> None:
        """End the open event streams of all."""
        for estate in (self.first, *self._further.values()):
            estate.end_streams()

    async def close(self) -> None:
        """End what is under way, and close the records of the further owners."""
        for estate in (self.first, *self._further.values(), *self._former):
            await estate.close()
        for estate in self._further.values():
            estate.holding.records.close()

    def key_on(self, vm_id: str) -> str:
        """Return the key by which the agent of a VM is known, or empty text for a VM that is on nobody's record."""
        for estate in (self.first, *self._further.values()):
            if estate.holding.records.vm(vm_id) is not None:
                return vm_key(estate.token, vm_id)
        return ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered by whoever it concerns; the first owner's edge says no to those of nobody."""
        estate = await self._of(scope, Headers(scope=scope))
        await estate.application(scope, receive, send)

    async def _of(self, scope: Scope, headers: Headers) -> Estate:
        path = scope["path"]
        bearer = BEARER.fullmatch(headers.get("authorization", ""))
        if bearer is not None:
            return await self._of_key(bearer[1]) or self.first
        if is_below(path, "/ui"):
            return self._of_browser(path, headers, QueryParams(scope.get("query_string", b"")))
        if PUBLIC.fullmatch(path):
            link = path.split("/")[3]
            return next((estate for estate in self._admitted() if estate.surface.shares(link)), self.first)
        return self.first

    async def _of_key(self, given: str) -> Estate | None:
        for estate in (self.first, *self._admitted()):
            if estate.surface.callers.knows(given):
                return estate
        if self._root is None or not KEY_FORM.fullmatch(given):
            return None
        await self.take_in()
        return next((estate for estate in self._admitted() if is_token(given, estate.token.encode())), None)

    def _of_browser(self, path: str, headers: Headers, query: QueryParams) -> Estate:
        found = SESSION.search(headers.get("cookie", ""))
        session = found[1] if found is not None and path != "/ui/login" else ""
        link = query.get("token", "") if path == "/ui/login" else ""
        for estate in self._admitted():
            if estate.surface.sessions.is_open(session) or estate.surface.sessions.has_link(link):
                return estate
        return self.first

    def _admitted(self) -> list[Estate]:
        """Return the further owners whose token still stands in its file: who removes it takes their access away."""
        return [estate for name, estate in self._further.items() if self._stands(name, estate.token)]

    def _stands(self, name: str, token: str) -> bool:
        try:
            return read_token(owner_directory(self._root or Path(), name)) == token
        except (OSError, UnicodeDecodeError):
            return False
