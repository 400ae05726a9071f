"""Run the scripted model server: `python -m tests.mock_model --port 0`; prints its address."""

from __future__ import annotations

import argparse
import asyncio

from tests.mock_model.server import ModelServer


async def run(port: int) -> None:
    """Serve until interrupted."""
    server = ModelServer()
    print(await server.start(port), flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="a scripted model server on loopback")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    try:
        asyncio.run(run(arguments.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
