"""The scripted agent from its command line to the end of its input."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import threading
from collections.abc import Sequence
from functools import partial

from cockpit.embedded.scripted_agent.commands import Commands
from cockpit.embedded.scripted_agent.session import Session
from cockpit.embedded.scripted_agent.wire import EventWriter

CHUNK = 65536
LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of a command line; a longer one is answered as a parse error."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the end of input; returns 0. Signals end it with their usual exit codes."""
    options = _parser().parse_args(arguments)
    wire = EventWriter(options.dialect)
    session = Session(
        wire=wire,
        speed=options.speed,
        agent=options.name or os.environ.get("VERS_AGENT_NAME") or "scripted",
        file=options.session or None,
        folder=os.path.expanduser(options.sessions) or None,
        story=_story(options.script) if options.script else {},
    )
    asyncio.run(_serve(session))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cockpit.embedded.scripted_agent", description="A scripted agent.")
    parser.add_argument("--mode", choices=["rpc"], default="rpc")
    parser.add_argument("--dialect", choices=["accumulated", "delta"], default="delta")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="1 streams 40 tokens per second")
    parser.add_argument("--name", default="", help="its name on board and feed; VERS_AGENT_NAME by default")
    parser.add_argument("--session", default="", metavar="FILE", help="append the conversation to this file")
    parser.add_argument("--sessions", default="", metavar="DIRECTORY", help="keep each conversation in a file there")
    parser.add_argument(
        "--script", default="", metavar="FILE", help="JSON object: the directives that a prompt stands for"
    )
    return parser


def _story(file: str) -> dict[str, str]:
    """Read which directives which prompt stands for; a prompt that is not in it is planned by its own words."""
    with open(os.path.expanduser(file), encoding="utf-8") as opened:
        content = json.load(opened)
    if not isinstance(content, dict):
        raise SystemExit(f"{file} is no JSON object of prompts and directives")
    return {str(prompt).strip(): str(directives) for prompt, directives in content.items()}


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 10_000:
        raise argparse.ArgumentTypeError("must be above 0, at most 10000")
    return speed


async def _serve(session: Session) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, partial(_die, session, number))
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    # A thread, since asyncio cannot watch every kind of standard input (a file, for one).
    threading.Thread(target=_read, args=(loop, lines), daemon=True).start()
    try:
        async with asyncio.TaskGroup() as work:
            commands = Commands(session, work.create_task)
            while (line := await lines.get()) is not None:
                commands.feed(line)
            session.wire.close()
            raise _EndOfInput
    except* _EndOfInput:
        pass
    finally:
        session.shells.end_all()


class _EndOfInput(Exception):
    """Raised to end whatever is in progress, as pi does when its last writer goes."""


def _read(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[bytes | None]) -> None:
    """Read standard input to its end and hand over lines."""
    held = bytearray()
    while chunk := os.read(0, CHUNK):
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            loop.call_soon_threadsafe(lines.put_nowait, bytes(held) + piece)
            held.clear()
        if len(held) < LINE_LIMIT:
            held += rest
    loop.call_soon_threadsafe(lines.put_nowait, None)


def _die(session: Session, number: signal.Signals) -> None:
    """End the commands that run, then die of the signal as if nobody had caught it."""
    session.shells.end_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
