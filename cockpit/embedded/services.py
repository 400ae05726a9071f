"""The services alone, as a program for a VM: `python -m cockpit.embedded.services --token-file …`.

What it needs is Python 3.11 with sqlite3, and the packages that the archive brings along; it imports nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from pathlib import Path

from cockpit.embedded.api.coordination import create_coordination
from cockpit.embedded.api.damage import open_records
from cockpit.embedded.api.server import ApiServer, TlsFiles
from cockpit.errors import CockpitError, ConfigError
from cockpit.text.sanitize import our_text
from cockpit.text.streams import guard_streams, warn

PORT = 3000
"""The port agents of the field expect the services at; the platform's edge passes it on."""
LEAST_TOKEN = 20
"""Characters a token must have: nothing else stands between the port and the world."""
FAILED = 1


def read_token(file: Path) -> str:
    """Return the token in a file.

    Raises:
        ConfigError: it cannot be read, or is too short to keep anybody out.
    """
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the token cannot be read from {file}: {error}", hint="name a file with a token") from error
    if len(token) < LEAST_TOKEN:
        raise ConfigError(f"the token in {file} has fewer than {LEAST_TOKEN} characters", hint="make a longer one")
    return token


def listen(host: str, port: int) -> socket.socket:
    """Bind the address; `::` takes IPv4 as well.

    Raises:
        ConfigError: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    dual = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=dual, backlog=128)
    except OSError as error:
        raise ConfigError(f"{host} port {port} cannot be listened on: {error.strerror or error}") from error


async def serve(listener: socket.socket, token: str, records_file: Path, tls: TlsFiles | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        listener: where.
        token: what every call must bring that is not public.
        records_file: the file that keeps all of it.
        tls: what the server shows; None speaks in the clear.

    Raises:
        ConfigError: the records cannot be used.
    """
    records = open_records(records_file)
    try:
        application, services = create_coordination(records, token)
        server = ApiServer(application, tls)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # Event streams never end by themselves, and the server waits for them.
            services.end_streams()
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        await server.serve(sockets=[listener])
    finally:
        records.close()


def main(argv: list[str] | None = None) -> int:
    """Run the services from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cockpit.embedded.services",
        description="Serve board, feed, registry and the other services of a swarm.",
    )
    parser.add_argument("--host", default="::", help="the address to listen on; :: is every one")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--token-file", type=Path, required=True, help="the file that holds the bearer token")
    parser.add_argument("--records", type=Path, required=True, help="the file that keeps all of it")
    options = parser.parse_args(argv)
    try:
        token = read_token(options.token_file)
        asyncio.run(serve(listen(options.host, options.port), token, options.records))
    except CockpitError as error:
        warn(our_text("services: {}", str(error)))
        return FAILED
    return 0


if __name__ == "__main__":
    guard_streams()
    sys.exit(main())
