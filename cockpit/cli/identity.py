"""Headless verbs about what an agent is called, and who may find it."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.fleet import carry_out, is_so_already
from cockpit.cli.headless import Headless, nobody, only
from cockpit.cli.rehearsal import rehearse
from cockpit.errors import UsageError
from cockpit.model.commands.life import Rename, SetFindable
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.text.streams import warn

WARNING = ours(
    "Other tools may take it up now. When their session ends they stop workers and delete what those wrote, and they "
    "drop what they cannot reach."
)


async def rename(
    headless: Headless,
    name: str,
    new: str,
    role: str | None,
    labels: tuple[str, ...] | None,
    colour: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Give an agent another name, role, labels or colour; None keeps what it has. What is so already is no failure."""
    # Its VM is told, too, where it can be reached.
    async with headless.engine(nobody if dry_run else only(name)) as engine:
        agent = engine.agent_named(name)
        command = Rename(
            agent.id,
            new or agent.name,
            agent.role if role is None else role,
            agent.labels if labels is None else labels,
            agent.colour if colour is None else colour,
        )
        if dry_run:
            words = [
                our_line("{} {}", word, value or "none")
                for word, value, was in (
                    ("name", command.name, agent.name),
                    ("role", command.role, agent.role),
                    ("labels", ", ".join(command.labels), ", ".join(agent.labels)),
                    ("colour", command.colour, agent.colour),
                )
                if value != was
            ]
            what = our_line("rename {}: {}", agent.name, "; ".join(words) or "nothing is changed")
            return rehearse(engine, command, what, as_json, {"vm_id": agent.vm_id})
        refused = engine.refusal(command)
        if not is_so_already(refused, agent.name):
            if refused is not None:
                raise UsageError(f"cannot rename {agent.name}: {refused.sentence}")
            await carry_out(engine, command)
        output.print_agent(engine.agent_named(agent.id), engine.fleet, engine.now(), as_json)
    return 0


async def findable(headless: Headless, name: str, wanted: bool, dry_run: bool, as_json: bool) -> int:
    """Let other tools find an agent, or hide it from them; what is so already is no failure."""
    async with headless.engine(nobody) as engine:
        agent = engine.agent_named(name)
        command = SetFindable(agent.id, wanted)
        if dry_run:
            act, towards = ("show", "to") if wanted else ("hide", "from")
            how = our_line("{} {} {} other tools", act, agent.name, towards)
            return rehearse(engine, command, how, as_json, {"vm_id": agent.vm_id})
        refused = engine.refusal(command)
        if not is_so_already(refused, agent.name):
            if refused is not None:
                raise UsageError(f"cannot do that with {agent.name}: {refused.sentence}")
            if wanted:
                warn(WARNING)
            await carry_out(engine, command)
        output.print_agent(engine.agent_named(agent.id), engine.fleet, engine.now(), as_json)
    return 0
