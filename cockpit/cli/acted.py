"""The verb about what was done here: the log of acts, from the history alone."""

from __future__ import annotations

import time
from datetime import datetime

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.cli.signals import while_somebody_reads
from cockpit.cli.since import moment_of


async def acts(headless: Headless, words: str, since: str, limit: int, *, as_json: bool) -> int:
    """Print acts; ends with 1 if words were given and nothing holds them."""
    with while_somebody_reads():
        async with headless.recorded() as recorded:
            begin = moment_of(since, time.time()) if since else 0.0
            found = (await recorded.acts(words=words, since=begin, limit=limit))[::-1]
        if as_json:
            output.print_json(
                [{"at": one.at, "verb": one.verb, "target": one.target, "text": one.text or None} for one in found]
            )
        else:
            rows = [
                (datetime.fromtimestamp(one.at).strftime("%Y-%m-%d %H:%M:%S"), one.verb, one.target, one.text)
                for one in found
            ]
            output.print_table(("WHEN", "VERB", "TARGET", "WHAT"), rows)
    return ExitCode.DONE if found or not words else ExitCode.FAILED
