"""The entry of the `cockpit` command; answers `--version` before anything else is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from cockpit import __version__

        print(f"cockpit {__version__}")
        return
    from cockpit.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
