"""The entry of the `cockpit` command; answers `--version` before anything else is imported."""

from __future__ import annotations

import sys

from cockpit.text.sanitize import our_line


def main() -> None:
    """Run the command line."""
    from cockpit.text.streams import guard_streams

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
