"""Paths on an agent's VM behind `@`: what a directory holds, and below the workspace what has a part of its name."""

from __future__ import annotations

import asyncio
import re

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.attachments import ON_VM, is_image_name
from cockpit.model.files.entries import FileEntry, FileKind, FileListing, size_words
from cockpit.model.ids import AgentId
from cockpit.model.sendable import unsendable
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, clean_name
from cockpit.ui.writing.offer import Begun, Offer, Writing

PAUSE = 0.15
"""Seconds without a key after which the VM is asked."""

MOST = 60
"""Paths that are offered at a time."""

LEAST_NEEDLE = 2
"""Characters from which names are looked for in all directories."""

KEPT = 8
"""Directories whose listing is remembered while one text is written."""

_BEGUN = re.compile(r"(?:^|(?<=[\s(\[]))@([^\s@\"'`]*)\Z")
_BLANK = re.compile(r"\s")


class VmPaths:
    """Implements `cockpit.ui.writing.offer.Choosable`."""

    def __init__(self, engine: CockpitPort) -> None:
        self._engine = engine
        self._listings: dict[tuple[AgentId, str], FileListing] = {}
        self._found: tuple[AgentId, str, tuple[str, ...]] | None = None
        """Whose, the needle, and the paths from the workspace on that have it in their name."""
        self._trouble: dict[AgentId, str] = {}

    def begun(self, writing: Writing) -> Begun | None:
        """A path begins behind `@` at the beginning of a word."""
        found = _BEGUN.search(writing.before)
        return Begun(found.start(), found[1]) if found is not None else None

    async def renew(self) -> None:
        """Forget what is remembered: it is as old as the text that was written."""
        self._listings.clear()
        self._found = None
        self._trouble.clear()

    def offers(self, agent: AgentId, needle: str) -> list[Offer]:
        """Return what fits among what is known: those that begin so first, then those that hold it."""
        directory, part = _split(needle)
        listing = self._listings.get((agent, directory))
        wanted = part.lower()
        entries = [] if listing is None else [one for one in listing.entries if wanted in one.name.lower()]
        # Names that begin with a dot are there for who asks for them.
        shown = [one for one in entries if wanted or not one.name.startswith(".")]
        shown.sort(key=lambda one: not one.name.lower().startswith(wanted))
        offers = [_offer(directory + one.name, one) for one in shown if not unsendable(directory + one.name)]
        if self._found is not None and self._found[:2] == (agent, needle):
            there = {directory + one.name for one in entries}
            offers += [_offer(path) for path in self._found[2] if path not in there and not unsendable(path)]
        return offers[:MOST]

    async def learn(self, agent: AgentId, needle: str) -> bool:
        """Ask the VM for the directory, and for names in all directories."""
        directory, part = _split(needle)
        known = (agent, directory) in self._listings
        searches = not directory and len(part) >= LEAST_NEEDLE and (self._found or ())[:2] != (agent, needle)
        if known and not searches:
            return False
        await asyncio.sleep(PAUSE)
        files = self._engine.files
        try:
            if not known:
                listing = await files.listing(agent, directory.rstrip("/") or directory)
                while len(self._listings) >= KEPT:
                    del self._listings[next(iter(self._listings))]
                # What is no directory has nothing below it.
                self._listings[agent, directory] = listing if not listing.file else FileListing(directory, (), 0)
            if searches:
                found = await files.named(agent, "", part)
                self._found = agent, needle, tuple(hit.path for hit in found.hits[:MOST])
        except CockpitError as error:
            self._trouble[agent] = str(error)
            return True
        self._trouble.pop(agent, None)
        return True

    def trouble(self, agent: AgentId) -> Clean:
        """Say why the VM's files are out of reach."""
        refusal = self._engine.files.refusal(agent) or self._trouble.get(agent, "")
        return clean_line(refusal) if refusal else NOTHING


def _split(needle: str) -> tuple[str, str]:
    """Return the directory of a path, with its slash, and what is written of the name."""
    directory, slash, part = needle.rpartition("/")
    return directory + slash, part


def _offer(path: str, entry: FileEntry | None = None) -> Offer:
    """Return what a path stands for: a directory goes on, an image goes along with the text."""
    if entry is not None and entry.kind is FileKind.DIRECTORY:
        return Offer(clean_name(f"{path}/"), f"@{path}/", ours("directory"))
    note = clean_line(size_words(entry.size)) if entry is not None and entry.kind is FileKind.FILE else NOTHING
    blank = _BLANK.search(path) is not None
    if is_image_name(path):
        named = f'@"{ON_VM}{path}" ' if blank else f"@{ON_VM}{path} "
        return Offer(clean_name(path), named, ours("image, goes along"))
    return Offer(clean_name(path), f'"{path}" ' if blank else f"{path} ", note)
