"""The entry of the `cockpit` command; answers `--version` before anything else is imported."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

from cockpit.text.sanitize import our_line

# httpx loads a command line of its own where rich and click are installed, as they are here: a fifth of what a verb
# takes to load. Nothing here runs it, and this has the import of it fail as it does where they are not.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

YOUNG = 20_000
"""New objects after which the interpreter looks for cycles among them, instead of after 700: of the hundred thousand
that are made while modules load none goes, and to look at them that often takes a tenth of the start."""


def main() -> None:
    """Run the command line."""
    from cockpit.text.streams import OutputClosed, OutputFailed, flush_errors, guard_streams

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a verb takes the signals over (`cockpit.cli.signals`), this one ends the process as the others do.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    guard_streams()
    code = _run(sys.argv[1:])
    # What is to be saved is saved and printed. The interpreter's own end gives back piece by piece what the system
    # takes back at once: a sixth of what a verb takes, and time that is not left where the terminal is gone.
    with contextlib.suppress(OutputClosed, OutputFailed):
        flush_errors()
    os._exit(code)


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from cockpit import __version__
        from cockpit.text.streams import say, with_output

        sys.exit(with_output(lambda: say(our_line("cockpit {}", __version__))))
    gc.set_threshold(YOUNG)
    from cockpit.cli import first_sight

    first_sight.show(arguments)
    from cockpit.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
