"""pi 1.6 says with its response whether a text started a run, was queued or taken: every receipt goes that way."""

from __future__ import annotations

import json

import pytest

from cockpit.model.receipts.receipt import Stage
from tests.model.captures import CAPTURES, content
from tests.model.receipt_replay import outcomes

NAMES = sorted(
    path.name for path in (CAPTURES / "sent").iterdir() if ".v1.6.0." in path.name and (CAPTURES / path.name).exists()
)


def said(name: str) -> dict[str, str]:
    """Read the dispositions of a capture with the standard library alone, by the id of the command."""
    lines = [json.loads(line) for line in content(name).split(b"\n") if line.startswith(b"{")]
    responses = [line for line in lines if line.get("type") == "response" and isinstance(line.get("data"), dict)]
    return {line["id"]: line["data"]["disposition"] for line in responses if "disposition" in line["data"]}


def thrown(name: str) -> set[str]:
    """Read which commands of extensions failed: pi calls them handled, too."""
    lines = [json.loads(line) for line in content(name).split(b"\n") if line.startswith(b"{")]
    return {line["extensionPath"].removeprefix("command:") for line in lines if line.get("type") == "extension_error"}


@pytest.mark.parametrize("name", NAMES)
def test_a_receipt_goes_the_way_that_pi_said(name: str) -> None:
    receipts = outcomes(name)
    for command_id, disposition in said(name).items():
        if command_id not in receipts:
            continue
        receipt = receipts[command_id]
        stages = [stage for stage, _ in receipt.stages]
        queued = Stage.STEERING in stages or Stage.QUEUED in stages
        assert queued == (disposition == "queued"), (command_id, receipt)
        if disposition == "handled":
            end = Stage.FAILED if receipt.text.removeprefix("/") in thrown(name) else Stage.DONE
            assert receipt.stage is end and Stage.CONSUMED not in stages, receipt
        elif disposition == "started":
            assert Stage.CONSUMED in stages, receipt
        assert "never read" not in receipt.reason, "what pi took is not called unread"


def test_the_captures_have_each_way() -> None:
    ways = {way for name in NAMES for command_id, way in said(name).items() if command_id in outcomes(name)}
    assert ways == {"started", "queued", "handled"}
