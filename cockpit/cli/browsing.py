"""The verbs that look at the files of agents."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from cockpit.cli import output
from cockpit.cli.agent import connected
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only, require_health
from cockpit.cli.signals import while_somebody_reads
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused, UsageError
from cockpit.model.files.content import dump_lines, encoding_words
from cockpit.model.files.entries import FileEntry, FileListing, FoundLine, SearchResult, permissions, size_words
from cockpit.model.files.place import FilePlace, below, file_place
from cockpit.model.fleet import Agent
from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_name, clean_text, our_line, our_text
from cockpit.text.streams import flush_output, output_is_terminal, say, warn, write_raw


def place_of(text: str, *, needs_path: bool = False) -> FilePlace:
    """Return the place that was typed; a name alone is the agent's workspace.

    Raises:
        UsageError: a path is needed and there is none.
    """
    found = file_place(text) or FilePlace(text, "")
    if needs_path and not found.path:
        raise UsageError(f"{text} names no path", hint=f"{found.name or 'NAME'}:PATH")
    return found


@asynccontextmanager
async def agent_with_files(
    headless: Headless, name: str, *, only_reads: bool = False
) -> AsyncIterator[tuple[HeadlessPort, Agent]]:
    """Run an engine over one agent until its files are within reach.

    Args:
        headless: what runs it.
        name: the agent's, or its VM's id.
        only_reads: end when nobody reads the output any more.

    Raises:
        NotFound: there is no such agent.
        Refused: its VM is paused, or its link does not come up in time; says why.
    """
    async with headless.engine(only(name), watch=True, record=False) as engine:
        require_health(engine, "vers")
        agent = engine.agent_named(name)
        await connected(engine, agent.id, headless.left())
        if refusal := engine.files.refusal(agent.id):
            raise Refused(refusal)
        with while_somebody_reads() if only_reads else nullcontext():
            yield engine, agent


async def list_files(headless: Headless, text: str, as_json: bool) -> int:
    """List a directory."""
    place = place_of(text)
    async with agent_with_files(headless, place.name, only_reads=True) as (engine, agent):
        listing = await engine.files.listing(agent.id, place.path)
        if as_json:
            output.print_json(_listing_object(listing))
        else:
            now = engine.now()
            for entry in listing.entries:
                say(_entry_line(entry, now))
        if listing.cut:
            warn(our_text("cockpit: {}", listing.cut))
            return ExitCode.PARTIAL
    return ExitCode.DONE


def _entry_line(entry: FileEntry, now: float) -> Clean:
    form = "%b %d %H:%M" if abs(now - entry.modified_at) < 180 * 86_400 else "%b %d  %Y"
    when = time.strftime(form, time.localtime(entry.modified_at))
    target = f" -> {clean_name(entry.target)}" if entry.target else ""
    return our_line(
        "{} {:>9} {:>12} {}{}", permissions(entry), size_words(entry.size), when, clean_name(entry.name), target
    )


def _listing_object(listing: FileListing) -> dict[str, object]:
    return {
        "path": listing.path,
        "total": listing.total,
        "entries": [
            {
                "name": entry.name,
                "kind": entry.kind.value,
                "size": entry.size,
                "mode": f"{entry.mode:04o}",
                "modified_at": entry.modified_at,
                "target": entry.target,
            }
            for entry in listing.entries
        ],
    }


async def show_file(headless: Headless, text: str, offset: int, *, dump: bool, raw: bool, as_json: bool) -> int:
    """Print a page of a file, or all of its bytes."""
    place = place_of(text, needs_path=True)
    if raw and output_is_terminal():
        raise UsageError("--raw is for another program, not for a terminal", hint="send it into a file or a pipe")
    async with agent_with_files(headless, place.name, only_reads=True) as (engine, agent):
        page = await engine.files.page(agent.id, place.path, offset)
        if raw:
            first = page
            while True:
                write_raw(page.data)
                if page.end >= page.size:
                    return ExitCode.DONE
                page = await engine.files.page(agent.id, first.path, page.end)
                if (page.size, page.modified_at) != (first.size, first.modified_at):
                    raise Refused(f"{place.path} changed while it was read", hint="`cockpit get` brings one version")
        if as_json:
            output.print_json(
                {
                    "path": page.path,
                    "size": page.size,
                    "from": page.offset,
                    "to": page.end,
                    "encoding": page.encoding or None,
                    "text": page.text if page.encoding else None,
                    "hex": None if page.encoding else page.data.hex(),
                }
            )
        elif dump or not page.encoding:
            if not dump:
                raise Refused(
                    f"{place.path} is binary, {size_words(page.size)}", hint="--dump shows its bytes, `get` brings it"
                )
            for line in dump_lines(page.data, page.offset):
                say(our_line("{}", line))
        else:
            if page.encoding != "utf-8":
                warn(our_line("cockpit: {}: {}", place.path, encoding_words(page.encoding)))
            shown = page.text.removesuffix("\n")
            if shown or page.data:
                say(clean_text(shown))
        if page.end < page.size:
            warn(our_line("cockpit: {} of {} bytes; --from {} goes on", page.end, page.size, page.end))
            return ExitCode.PARTIAL
    return ExitCode.DONE


async def find(headless: Headless, text: str, needle: str, as_json: bool) -> int:
    """Print the paths of files whose name holds a text."""
    place = place_of(text)
    async with agent_with_files(headless, place.name, only_reads=True) as (engine, agent):

        def tell(found: SearchResult) -> None:
            for hit in found.hits:
                say(clean_name(_typed(place.path, hit.path)))
            flush_output()

        found = await engine.files.named(agent.id, place.path, needle, heard=None if as_json else tell)
        if as_json:
            output.print_json({"base": found.base, "paths": [hit.path for hit in found.hits], "cut": found.cut})
        return _ended(bool(found.hits), found.cut)


async def grep(headless: Headless, text: str, needle: str, ignore_case: bool, regular: bool, as_json: bool) -> int:
    """Print the lines of files that hold a text."""
    place = place_of(text)
    async with agent_with_files(headless, place.name, only_reads=True) as (engine, agent):

        def tell(found: SearchResult) -> None:
            for hit in found.hits:
                say(_hit_line(place.path, hit))
            flush_output()

        heard = None if as_json else tell
        found = await engine.files.holding(
            agent.id, place.path, needle, ignore_case=ignore_case, regular=regular, heard=heard
        )
        if as_json:
            hits = [{"path": hit.path, "line": hit.line, "text": hit.text} for hit in found.hits]
            output.print_json({"base": found.base, "hits": hits, "cut": found.cut})
        return _ended(bool(found.hits), found.cut)


def _hit_line(base: str, hit: FoundLine) -> Clean:
    return our_line("{}:{}:{}", clean_name(_typed(base, hit.path)), hit.line, hit.text)


def _typed(base: str, path: str) -> str:
    """Return a path that was found as it can be typed again behind the agent's name."""
    return below(base, path) if base else path


def _ended(found: bool, cut: str) -> int:
    if cut:
        warn(our_text("cockpit: {}", cut))
        return ExitCode.PARTIAL
    return ExitCode.DONE if found else ExitCode.FAILED
