"""A capture's own commands followed through its stream: what each receipt became."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import expire, reduce_agent
from tests.model.captures import AGENT, CAPTURES, START, STEP, content, dialect, fresh_agent, records

VERBS = {"prompt": "prompt", "steer": "steer", "follow_up": "follow-up", "abort": "abort"}


def sent(name: str) -> list[tuple[int, Receipt]]:
    """The commands that were written to the FIFO, each with the size of the output file at that moment."""
    found = []
    for line in (CAPTURES / "sent" / name).read_bytes().split(b"\n"):
        entry = json.loads(line) if line else {}
        command = entry.get("sent")
        if isinstance(command, dict) and command.get("type") in VERBS and isinstance(command.get("message", ""), str):
            verb = VERBS[command["type"]]
            command_id = CommandId(str(command.get("id", "")))
            receipt = Receipt(command_id, AGENT, verb, command.get("message", ""), Stage.WRITTEN, START)
            found.append((entry["out_offset"], receipt))
    return found


@cache
def outcomes(name: str) -> dict[str, Receipt]:
    """Follow every command of a capture to the end; the ticker runs where reality had a pause."""
    waiting = sent(name)
    trimmed = not content(name).startswith(b"{") or name.endswith((".v0.87.1.jsonl", ".v1.6.0.jsonl"))
    book, agent = ReceiptBook(), replace(fresh_agent(), dialect=dialect(name), says_end=dialect(name) == "delta")
    results: dict[str, Receipt] = {}

    def take(changed: list[Receipt]) -> None:
        results.update({receipt.id: receipt for receipt in changed})

    for record in records(name):
        while waiting and (trimmed or waiting[0][0] <= record.offset):
            receipt = waiting.pop(0)[1]
            book.add(receipt)
            take([receipt])
            quiet = expire(agent, record.at - STEP + 1.0)
            if agent.run_open and not quiet.run_open:
                take(book.run_settled(AGENT, record.at))
            agent = quiet
        after = reduce_agent(agent, record)
        take(book.observe(record, settled=agent.run_open and not after.run_open))
        agent = after
    last = expire(agent, START + 1e6)
    if agent.run_open and not last.run_open:
        take(book.run_settled(AGENT, START + 1e6))
    return results
