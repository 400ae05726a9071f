"""Random faults over ten agents, with the truth kept beside them; run by command for long, as a test for a minute.

    python -m tests.faults.chaos --seed 7 --agents 10 --lines 1000000 --faults 500

Every agent has its own server, relay and writer. One agent after the other gets a fault: of its link (cut at a byte,
reset, frozen, one-way, slow, refused, in single bytes), of its server (session killed, listener stopped, everything
paused) or of its file (half a line, truncated, rewritten while away, rotated, removed, copied and truncated). Lines
keep coming at all of them. At the end all is healed, and what the product delivered is compared with what was written:
every line once, in order, by SHA-256, and the store holds the same. The seed is printed; the same seed draws the same
faults and lines, though not the same interleaving.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cockpit.model.fleet import LinkState
from tests.faults.harness import LIMIT, Machine, Stack, running
from tests.remote.waiting import until

SEEN_LIMIT = 20.0
"""Seconds until a new file must have been noticed, drops and waits included."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does."""

    seed: int
    agents: int
    lines: int
    faults: int
    deadline: float = 600.0
    """Seconds until no further fault is made; what was done is then compared all the same."""


@dataclass(slots=True)
class Outcome:
    """What a run did."""

    lines: int
    faults: Counter[str]
    seconds: float
    connects: int
    epochs: int


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, stack: Stack, machines: list[Machine]) -> None:
        self.plan = plan
        self.stack = stack
        self.machines = machines
        self.chances = {machine.name: random.Random(f"{plan.seed} {machine.name}") for machine in machines}
        self.counts: Counter[str] = Counter()
        self.written = 0
        self.burst = max(1, plan.lines // max(1, plan.faults))
        self.link_faults: list[Callable[[Machine], object]] = [
            self.cut_at_a_byte,
            self.cut,
            self.kill_session,
            self.freeze,
            self.one_way,
            self.refuse,
            self.single_bytes,
            self.slow,
            self.pause,
            self.stop_listener,
            self.half_line,
        ]
        self.file_faults: list[Callable[[Machine], object]] = [
            functools.partial(self.change, word="truncate"),
            functools.partial(self.change, word="rotate"),
            functools.partial(self.change, word="recreate"),
            functools.partial(self.change_while_away, word="truncate"),
            functools.partial(self.change_while_away, word="rotate"),
            functools.partial(self.change_while_away, word="recreate"),
            self.copytruncate,
        ]

    async def run(self) -> None:
        """Make all faults, ten agents side by side, each agent's one after the other."""
        end = time.monotonic() + self.plan.deadline
        share = self.plan.faults // len(self.machines)
        async with asyncio.TaskGroup() as tasks:
            for machine in self.machines:
                tasks.create_task(self._trouble(machine, share, end), name=machine.name)

    async def _trouble(self, machine: Machine, faults: int, end: float) -> None:
        chance = self.chances[machine.name]
        for _ in range(faults):
            if time.monotonic() > end:
                return
            await self.write(machine, self.burst // 2)
            # Mostly the link: each fault of the file costs its epoch.
            choices = self.link_faults if chance.random() < 0.75 else self.file_faults
            fault = chance.choice(choices)
            await fault(machine)  # type: ignore[misc]
            await self.write(machine, self.burst - self.burst // 2)

    async def write(self, machine: Machine, count: int) -> None:
        """Have lines written, in pieces, so that faults meet a stream and not a heap."""
        while count > 0:
            piece = min(count, 500)
            machine.writer.lines(piece)
            self.written += piece
            count -= piece
            await asyncio.sleep(0)

    def _made(self, name: str) -> None:
        self.counts[name] += 1

    # Faults of the link and the server

    async def cut_at_a_byte(self, machine: Machine) -> None:
        """Cut after some bytes more."""
        self._made("cut at a byte")
        machine.relay.cut_after = machine.relay.downstream + self.chances[machine.name].randrange(1, 20_000)

    async def cut(self, machine: Machine) -> None:
        """Cut at once."""
        self._made("cut")
        machine.relay.cut()

    async def kill_session(self, machine: Machine) -> None:
        """Kill the server's process of the session."""
        self._made("session killed")
        machine.sshd.kill_sessions()

    async def freeze(self, machine: Machine) -> None:
        """Let nothing pass for a while, shorter or longer than the keepalive's bound."""
        self._made("frozen")
        machine.relay.freeze()
        await asyncio.sleep(self.chances[machine.name].random() * 2.5)
        machine.relay.thaw()

    async def one_way(self, machine: Machine) -> None:
        """Lose everything in one direction, until the link is known to be dead."""
        self._made("one way")
        down = self.chances[machine.name].random() < 0.5
        machine.relay.drop_downstream, machine.relay.drop_upstream = down, not down
        await asyncio.sleep(self.chances[machine.name].random() * 2.0)
        # A stream with a hole in it is broken for good; the ends must part.
        machine.relay.cut()
        machine.relay.drop_downstream = machine.relay.drop_upstream = False

    async def refuse(self, machine: Machine) -> None:
        """Close each new connection at once for a while."""
        self._made("refused")
        machine.relay.refuse = True
        machine.relay.cut()
        await asyncio.sleep(self.chances[machine.name].random())
        machine.relay.refuse = False

    async def single_bytes(self, machine: Machine) -> None:
        """Chop the stream."""
        self._made("chopped")
        machine.relay.chunk = self.chances[machine.name].choice((1, 3, 100))
        await asyncio.sleep(self.chances[machine.name].random() * 0.3)
        machine.relay.chunk = 65536

    async def slow(self, machine: Machine) -> None:
        """Delay every packet."""
        self._made("slow")
        machine.relay.delay = 0.05
        await asyncio.sleep(self.chances[machine.name].random() * 0.5)
        machine.relay.delay = 0.0

    async def pause(self, machine: Machine) -> None:
        """Stop the whole VM for a while."""
        self._made("paused")
        machine.sshd.stop_everything()
        await asyncio.sleep(self.chances[machine.name].random() * 2.0)
        machine.sshd.continue_everything()

    async def stop_listener(self, machine: Machine) -> None:
        """Stop the server with all its sessions, and start it again."""
        self._made("server stopped")
        machine.sshd.stop()
        await asyncio.sleep(self.chances[machine.name].random() * 0.5)
        await asyncio.to_thread(machine.sshd.start)

    async def half_line(self, machine: Machine) -> None:
        """Drop the link in the middle of a line, and write the rest."""
        self._made("half a line")
        machine.writer.raw(b'{"type":"note","text":"be')
        await asyncio.sleep(self.chances[machine.name].random() * 0.1)
        machine.relay.cut()
        machine.writer.raw(b'fore and after"}\n')
        self.written += 1

    # Faults of the file

    async def calm(self, machine: Machine) -> None:
        """Return once the link is up and everything written was delivered."""
        machine.relay.cut_after = None
        await self.stack.whole(machine, LIMIT * 4)
        await self.stack.up(machine)

    async def change(self, machine: Machine, word: str) -> None:
        """Change the file under the reader's eyes; all of the old one must have come."""
        self._made(f"{word}d" if word.endswith("e") else f"{word}ed")
        await self.calm(machine)
        generation, epochs = machine.writer.generation, len(machine.ledger.epochs)
        machine.floors[generation] = machine.writer.count()
        machine.writer.tell(word, 1)
        # Until it was noticed nothing more is written: grown past our position it could not be told from the old one.
        await until(lambda: len(machine.ledger.epochs) > epochs, SEEN_LIMIT)

    async def change_while_away(self, machine: Machine, word: str) -> None:
        """Change the file while the link is down, and let it grow past our position."""
        self._made(f"{word}, away")
        await self.calm(machine)
        machine.floors[machine.writer.generation] = count = machine.writer.count()
        machine.relay.refuse = True
        machine.relay.cut()
        await self.stack.shows(machine, LinkState.DOWN)
        await until(lambda: self.stack.connection(machine) is None)
        machine.writer.tell(word, self.chances[machine.name].randrange(1, min(count + 50, 2_000)))
        machine.relay.refuse = False

    async def copytruncate(self, machine: Machine) -> None:
        """Copy the file and truncate it while its writer goes on; what was not read yet is lost, as it must be."""
        self._made("copied and truncated")
        machine.relay.cut_after = None
        await self.stack.up(machine)
        await self.calm(machine)
        await self.write(machine, min(50, self.burst))
        epochs = len(machine.ledger.epochs)
        machine.floors[machine.writer.generation] = machine.ledger.newest.lines
        machine.writer.tell("copytruncate")
        machine.writer.lines(1)
        await until(lambda: len(machine.ledger.epochs) > epochs, SEEN_LIMIT)


async def run(plan: Plan, directory: Path) -> Outcome:
    """Run a plan to its end; an AssertionError says what was lost, doubled or out of order."""
    began = time.monotonic()
    machines = [Machine(directory, f"vm-{number}", seed=plan.seed * 1000 + number) for number in range(plan.agents)]
    try:
        async with running(directory, machines) as stack:
            chaos = Chaos(plan, stack, machines)
            try:
                await chaos.run()
            except* AssertionError as group:
                raise AssertionError(f"seed {plan.seed}: {group.exceptions[0]}") from group
            for machine in machines:
                await chaos.calm(machine)
            for machine in machines:
                await stack.stored_as_delivered(machine)
            connects = sum(machine.relay.accepted for machine in machines)
            epochs = sum(len(machine.ledger.epochs) for machine in machines)
        return Outcome(chaos.written, chaos.counts, time.monotonic() - began, connects, epochs)
    finally:
        for machine in machines:
            machine.close()


def main() -> int:
    """Run a plan from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--lines", type=int, default=100_000, help="over all agents")
    parser.add_argument("--faults", type=int, default=100, help="over all agents")
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds until no further fault is made")
    found = parser.parse_args()
    plan = Plan(found.seed, found.agents, found.lines, found.faults, found.deadline)
    print(plan, flush=True)
    # The relays write on for a moment after their connections were cut.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="chaos-") as directory:
        outcome = asyncio.run(run(plan, Path(directory)))
    print(
        f"{outcome.lines} lines once and in order over {sum(outcome.faults.values())} faults in {outcome.seconds:.0f} s"
    )
    print(f"{outcome.connects} connects, {outcome.epochs} files; {dict(outcome.faults.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
