"""One process that records an agent, as a screen does, and others that send to it: real programs on one store."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.engine.engine import Engine
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.engine.evidence import agent_place, out_file, vm_home
from tests.fleets import LIMIT, FleetUnderTest, spawned, until
from tests.real_pi.installations import MODEL

RETRY_DELAY = 4_000
"""Milliseconds of pi's first backoff: a process must get its text in while it lasts."""

EXTENSION = """
export default function (pi) {
	pi.registerCommand("mark", { description: "starts no run", handler: async (_a, ctx) => ctx.ui.notify("marked") });
	pi.registerCommand("boom", { description: "fails", handler: async () => { throw new Error("on purpose"); } });
	pi.registerCommand("halt", { description: "aborts", handler: async (_a, ctx) => ctx.abort() });
	pi.registerCommand("choose", { description: "another model and level", handler: async (_a, ctx) => {
		await pi.setModel(ctx.modelRegistry.find("mock", "scripted"));
	} });
	pi.registerCommand("deep", { description: "another level", handler: async () => pi.setThinkingLevel("high") });
	pi.on("input", async (event) => {
		const text = String(event.text ?? "");
		if (text.startsWith("silent:")) return { action: "handled" };
		if (text.includes("mock:")) return { action: "transform", text: text + "\\n\\n(Be brief.)" };
		return { action: "continue" };
	});
}
"""
"""Rewrites what names a scenario, swallows what asks for it, and has commands that start no run."""

ANY_END = (Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED)


def set_retries(home: Path, *, attempts: int = 3, delay: int = RETRY_DELAY) -> None:
    """Choose how often and when pi asks a failing model again."""
    path = home / ".pi" / "agent" / "settings.json"
    settings = json.loads(path.read_text())
    settings["retry"] |= {"enabled": True, "maxRetries": attempts, "baseDelayMs": delay}
    path.write_text(json.dumps(settings), encoding="utf-8")


def add_extension(home: Path) -> None:
    """Give every pi of a home the extension."""
    extensions = home / ".pi" / "agent" / "extensions"
    extensions.mkdir(parents=True, exist_ok=True)
    (extensions / "house.ts").write_text(EXTENSION, encoding="utf-8")


def said(content: str | list[dict[str, Any]]) -> str:
    """Return the text of a message's content, which is a text or a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sending process ended."""

    code: int
    said: str
    complained: str


@dataclass(slots=True)
class Sending:
    """A `cockpit send` that runs."""

    process: asyncio.subprocess.Process
    text: str

    async def ended(self) -> Ended:
        """Return how it ended."""
        async with asyncio.timeout(LIMIT):
            said, complained = await self.process.communicate()
        return Ended(self.process.returncode or 0, said.decode(), complained.decode())

    async def kill(self) -> None:
        """End it at once, and read its pipes to their ends."""
        self.process.kill()
        await self.process.communicate()


class Company:
    """A recording engine, its agent, and the processes that send to the agent."""

    def __init__(self, fleet: FleetUnderTest, engine: Engine, agent: Agent) -> None:
        self.fleet = fleet
        self.engine = engine
        self.id = agent.id
        self.vm_id = agent.vm_id
        self.home = vm_home(fleet, agent.vm_id)
        self.input_file = agent_place(fleet, agent.vm_id) / "in"

    @property
    def agent(self) -> Agent:
        """The agent as the recording process knows it."""
        return self.engine.fleet_state.agents[self.id]

    @property
    def state(self) -> ActivityState:
        """What the agent is at."""
        return self.agent.activity.state

    def lines(self) -> list[dict[str, Any]]:
        """What the agent wrote."""
        return [json.loads(line) for line in out_file(self.fleet, self.vm_id).read_bytes().split(b"\n")[:-1]]

    def heard(self, text: str) -> bool:
        """Say whether a text has appeared as a user's message in the agent's output; new pi tells its system's, too."""
        messages = (line["message"] for line in self.lines() if line["type"] == "message_start")
        return any(text in said(message["content"]) for message in messages if message["role"] == "user")

    def write(self, **command: Any) -> None:
        """Write a command as another client of the agent would, one line into its FIFO."""
        with self.input_file.open("ab", buffering=0) as fifo:
            fifo.write(json.dumps(command).encode() + b"\n")

    async def send(self, text: str, *words: str) -> Sending:
        """Start a process that sends a text."""
        process = await asyncio.create_subprocess_exec(
            *self.fleet.verb("send", self.agent.name, text, *words),
            env=self.fleet.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return Sending(process, text)

    async def sent(self, text: str, *words: str) -> Ended:
        """Send a text from another process and return how that ended."""
        return await (await self.send(text, *words)).ended()

    def known(self, text: str) -> Receipt | None:
        """Return the recording process's receipt of a text."""
        return next(
            (one for one in self.engine.fleet_state.receipts.values() if (one.agent, one.text) == (self.id, text)), None
        )

    async def reached(self, text: str, *stages: Stage) -> Receipt:
        """Wait until the recording process has brought a text to one of the stages; return what the store has."""

        def there() -> bool:
            found = self.known(text)
            return found is not None and found.stage in stages

        await until(self.engine, there, f"{text!r} at {stages}; it is {self.known(text)}")
        await self.engine.recorder.save_receipts()
        return next(one for one in await self.engine.store.receipts() if (one.agent, one.text) == (self.id, text))

    async def at(self, *states: ActivityState) -> None:
        """Wait until the agent is in one of the states."""
        await until(self.engine, lambda: self.state in states, f"{states}")

    async def busy(self) -> None:
        """Wait until a tool of the agent runs."""
        await until(self.engine, lambda: bool(self.agent.activity.tools), "a running tool")


@contextlib.asynccontextmanager
async def company(fleet: FleetUnderTest, name: str = "ada") -> AsyncIterator[Company]:
    """Open a recording engine with one pi."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, name, program="pi", model=MODEL)
        yield Company(fleet, engine, agent)
