"""What `--dry-run` does: say what a command would do, or be refused as the command itself would be; nothing is sent."""

from __future__ import annotations

from typing import Any

from cockpit.cli.exits import ExitCode
from cockpit.cli.output import print_json
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused
from cockpit.model.commands.command import Command
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


def would(what: Clean, as_json: bool, more: dict[str, Any] | None = None) -> int:
    """Print what would be done.

    Args:
        what: a sentence's end, e.g. `pause ada`.
        as_json: print an object with it instead.
        more: what such an object says besides.
    """
    if as_json:
        print_json({"dry_run": True, "would": what, **(more or {})})
    else:
        say(our_text("would {}", what))
    return ExitCode.DONE


def rehearse(
    engine: HeadlessPort, command: Command, what: Clean, as_json: bool, more: dict[str, Any] | None = None
) -> int:
    """Print what a command would do; what is so already is no failure.

    Raises:
        Refused: it would be refused now; says why.
    """
    refused = engine.refusal(command)
    if refused is not None and refused.code is RefusalCode.ALREADY:
        if as_json:
            print_json({"dry_run": True, "would": None, "reason": refused.sentence, **(more or {})})
        else:
            warn(our_text("{}", refused.sentence))
        return ExitCode.DONE
    if refused is not None:
        raise Refused(our_line("cannot {}: {}", what, refused.sentence))
    return would(what, as_json, more)
