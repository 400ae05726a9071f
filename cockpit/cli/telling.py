"""The headless verb that sends one text to several agents."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.cli import output
from cockpit.cli.choosing import check_filter, filter_named
from cockpit.cli.exits import of_several
from cockpit.cli.headless import Headless, everybody, only
from cockpit.cli.rehearsal import would
from cockpit.errors import NotFound, UsageError
from cockpit.model.marks import has_done
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.model.telling import TextManner, becomes, order_to, wanted_or_named
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

ACCEPT_LIMIT = 30.0
"""Seconds in which an agent takes a text, or it is said that it is not known whether it did."""

SETTLE_LIMIT = 20.0
"""Seconds that are waited for links: what each agent does decides what the text becomes."""


async def tell(
    headless: Headless,
    text: str,
    names: Sequence[str],
    line: str,
    manner: TextManner,
    *,
    everyone: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Send a text to agents that are named, that a filter leaves, or to all; exit code 5 if some have it and some not.

    Raises:
        UsageError: nobody is meant, in two ways, or the filter means nothing.
    """
    check_filter(line)
    if sum(map(bool, (names, line.strip(), everyone))) != 1:
        raise UsageError("nobody is meant, or in two ways", hint="give names, or --filter, or --all")
    if not text.strip():
        raise UsageError("there is no text to send")
    async with headless.engine(only(*names) if names else everybody, watch=True) as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        line = await filter_named(engine, line)
        named = [engine.agent_named(name) for name in names]
        agents = {agent.id: agent for agent in named or wanted_or_named(engine.fleet, line, engine.now())}
        if not agents:
            raise NotFound("no agent is such a one", hint="`cockpit agents` lists who is here")
        orders = {agent: order_to(engine.fleet, known, text, manner) for agent, known in agents.items()}
        if dry_run:
            told = {known.name: becomes(engine.fleet, known, manner) for known in agents.values()}
            lines = "\n".join(f"{name}: {how}" for name, how in told.items())
            return would(our_text("tell {} agents:\n{}", len(told), lines), as_json, {"agents": told})
        given = {engine.dispatch(command): agent for agent, command in orders.items()}

        def found() -> list[Receipt]:
            return [receipt for receipt in engine.fleet.receipts if receipt.id in given]

        await engine.until(
            lambda: all(has_done(receipt) or is_ended(receipt) for receipt in found()),
            min(ACCEPT_LIMIT, headless.left()),
        )
        receipts = {given[receipt.id]: receipt for receipt in found()}
        failed = 0
        rows = []
        for agent, known in agents.items():
            receipt = receipts[agent]
            good = has_done(receipt)
            failed += not good
            rows.append({"name": known.name, "verb": receipt.verb, "stage": receipt.stage.value, "id": receipt.id})
            if not good:
                why = receipt.reason or ("failed" if receipt.stage is Stage.FAILED else f"it is {receipt.stage.value}")
                warn(our_text("cockpit: {}: {}", known.name, why))
            elif not as_json:
                say(our_line("{} {}", known.name, receipt.verb))
        if as_json:
            output.print_json(rows)
    return of_several(len(agents) - failed, len(agents))
