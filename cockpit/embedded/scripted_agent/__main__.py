"""The scripted agent: `python -m cockpit.embedded.scripted_agent` speaks pi's RPC protocol and follows prompts.

It stands in where no `pi` is installed, and says so: its model is called `Scripted agent`. What it streams is
scripted, what its tools do is real. It needs the standard library only, and starts in a fraction of a second.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # asyncio loads TLS where it can be had, and never needs it here: that is 2 MB of each of a hundred agents. Digests
    # by OpenSSL are another half, and Python has its own.
    for name in ("ssl", "_hashlib"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    from cockpit.embedded.scripted_agent.program import main

    sys.exit(main())
