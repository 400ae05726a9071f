"""The entry of the `cockpit` command; answers `--version` before anything else is imported."""

from __future__ import annotations

import signal
import sys

from cockpit.text.sanitize import our_line


def main() -> None:
    """Run the command line."""
    from cockpit.text.streams import guard_streams

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a verb takes the signals over (`cockpit.cli.signals`), this one ends the process as the others do.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    guard_streams()
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from cockpit import __version__
        from cockpit.text.streams import say, with_output

        return with_output(lambda: say(our_line("cockpit {}", __version__)))
    from cockpit.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
