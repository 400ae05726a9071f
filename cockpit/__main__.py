"""The entry of the `cockpit` command; answers `--version` before anything else is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from cockpit.text.sanitize import our_line

# httpx loads a command line of its own where rich and click are installed, as they are here: a fifth of what a verb
# takes to load. Nothing here runs it, and this has the import of it fail as it does where they are not.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

SIGNALLED = 128
"""What an exit code is greater than that tells of a signal, or of a reader that left."""


def main() -> None:
    """Run the command line."""
    from cockpit.text.streams import OutputClosed, OutputFailed, flush_errors, guard_streams

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a verb takes the signals over (`cockpit.cli.signals`), this one ends the process as the others do.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    guard_streams()
    code = _run(sys.argv[1:])
    if code > SIGNALLED:
        # What is to be saved is saved and printed. The interpreter's own end takes a good part of the time that is left
        # where the terminal is gone, and no thread could cut it short.
        with contextlib.suppress(OutputClosed, OutputFailed):
            flush_errors()
        os._exit(code)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from cockpit import __version__
        from cockpit.text.streams import say, with_output

        return with_output(lambda: say(our_line("cockpit {}", __version__)))
    from cockpit.cli import first_sight

    first_sight.show(arguments)
    from cockpit.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
