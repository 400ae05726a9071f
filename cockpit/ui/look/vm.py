"""What is known of an agent's VM, to read: power, link, process, where it comes from, what leads to it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from cockpit.model.fleet import Agent, Fleet, ProcessState, Vm
from cockpit.model.names import vm_called
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, content, fit
from cockpit.ui.look.forwards import forwarded_addresses
from cockpit.ui.look.states import POWER_STYLES, link_look

NAME_CELLS = 12
MOST_COMMITS = 8
"""Commits of it that are listed, the newest ones."""
UNKNOWN: Piece = (ours("not known"), "$muted")


def vm_content(agent: Agent, vm: Vm | None, fleet: Fleet, now: float) -> Content:
    """Return it line by line; what is not known is said to be so where it is asked first."""
    pieces: list[Piece] = []
    for name, said in _facts(agent, vm, fleet, now):
        pieces += [(our_line("  {}", fit(name, NAME_CELLS)), "$muted"), *said, (ours("\n"), "")]
    return content(pieces)


def _facts(agent: Agent, vm: Vm | None, fleet: Fleet, now: float) -> Iterator[tuple[Clean, list[Piece]]]:
    if vm is None:
        yield ours("power"), [(our_line("no VM {} is listed", agent.vm_id), "$link-degraded")]
    else:
        look = POWER_STYLES[vm.power]
        yield ours("power"), [(our_line("{} {}", look.glyph, look.word), look.style), *_seen(vm, now)]
    yield from _link(agent, now)
    yield from _process(agent, now)
    if vm is not None and vm.host:
        yield ours("host"), [(clean_line(vm.host), "")]
    yield (ours("place") if vm is not None and vm.host else ours("VM")), [(clean_line(agent.vm_id), "")]
    if vm is not None:
        yield from _lineage(vm, fleet, now)
    if agent.directory:
        yield ours("lives in"), [(clean_line(agent.directory), "")]
    if agent.source:
        yield ours("source"), [(clean_line(agent.source), "")]
    forwards = [one for one in fleet.forwards if one.vm == agent.vm_id]
    if forwards:
        yield ours("ports"), forwarded_addresses(forwards)


def _seen(vm: Vm, now: float) -> list[Piece]:
    return [(our_line("   listed {} ago", age(now - vm.seen_at)), "$muted")] if vm.seen_at else []


def _link(agent: Agent, now: float) -> Iterator[tuple[Clean, list[Piece]]]:
    link, look = agent.link, link_look(agent.link)
    said: list[Piece] = [(our_line("{} {}", look.glyph, look.word), look.style)]
    if link.since:
        said.append((our_line(" for {}", age(now - link.since)), "$muted"))
    if link.last_byte_at is not None:
        said.append((our_line("   last byte {} ago", age(now - link.last_byte_at)), "$muted"))
    if link.reason:
        said.append((our_line("   {}", link.reason), "$link-down"))
    if link.retry_at is not None:
        said.append((our_line("   attempt {} in {}", link.attempt + 1, age(link.retry_at - now)), "$muted"))
    yield ours("link"), said
    if link.offered_key:
        yield ours("host key"), [(our_line("another than the trusted one: {}", link.offered_key), "$link-down")]


def _process(agent: Agent, now: float) -> Iterator[tuple[Clean, list[Piece]]]:
    process = agent.process
    style = {ProcessState.DEAD: "$agent-failed", ProcessState.ALIVE: "$agent-running"}.get(process.state, "$muted")
    said: list[Piece] = [(clean_line(process.state.value), style)]
    if process.since and process.state is not ProcessState.UNKNOWN:
        said.append((our_line(" for {}", age(now - process.since)), "$muted"))
    if process.exit_code is not None:
        said.append((our_line("   exit {}", process.exit_code), "$agent-failed"))
    yield ours("process"), said
    version = " ".join(word for word in (agent.program, agent.version, agent.program_path) if word)
    if version:
        yield ours("program"), [(clean_line(version), "")]
    for line in process.errors[-3:]:
        yield ours(""), [(clean_line(line), "$transcript-stderr")]


def _lineage(vm: Vm, fleet: Fleet, now: float) -> Iterator[tuple[Clean, list[Piece]]]:
    if vm.label:
        yield ours("called"), [(clean_line(vm_called(vm.id, fleet.agents, (vm,))), "")]
    if vm.created_at:
        yield ours("made"), [(our_line("{} ago", age(now - vm.created_at)), "")]
    if vm.host:
        return  # What a platform keeps of VMs.
    yield ours("from commit"), [(clean_line(vm.parent_commit), "")] if vm.parent_commit else [UNKNOWN]
    yield ours("size"), [(clean_line(vm.size.brief), "")] if vm.size.brief else [UNKNOWN]
    for number, sentence in enumerate(vm.confinement.sentences if vm.confinement is not None else ()):
        yield (ours("sandbox") if number == 0 else ours("")), [(clean_line(sentence), "")]
    commits = [one for one in fleet.kept if one.vm == vm.id]
    for one in commits[-MOST_COMMITS:]:
        kept = clean_line(one.commit) if one.commit is not None else ours("being taken")
        said = our_line("   {}, {} ago", one.purpose.value, age(now - one.at))
        yield ours("commit"), [(kept, ""), (said, "$muted")]
    if vm.owner:
        yield ours("owner"), [(clean_line(vm.owner), "")]
