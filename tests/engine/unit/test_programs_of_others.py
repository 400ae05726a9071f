"""What an agent is that another tool started: by its process, else by what it writes; never by a guess."""

from __future__ import annotations

from dataclasses import replace

from cockpit.agents.adapter import Program
from cockpit.agents.scaffold.identity import parse_who
from cockpit.agents.scaffold.scripts import BEGIN, END
from cockpit.engine.commands.adoption import program_called
from tests.engine.unit.parts import AGENT, Parts

PI = Program("pi", "", lambda spawn, path, again: (), command="pi")
SCRIPTED = Program("scripted", "", lambda spawn, path, again: ())


def called(line: bytes) -> str:
    """Return what a process with this command line is; its NULs are spaces, as the script has them."""
    answer = f"{BEGIN}\ncommand=".encode() + line.replace(b"\0", b" ") + f"\n{END}\n".encode()
    return program_called(parse_who(0, answer, b"", vm="vm", place="VM vm").command, (PI, SCRIPTED))


def test_a_process_is_what_it_calls_itself_or_what_its_interpreter_runs() -> None:
    assert called(b"pi\0\0\0\0\0") == "pi", "node's process title, with what is left of its arguments"
    assert called(b"/usr/bin/node\0/usr/local/bin/pi\0--mode\0rpc") == "pi"
    assert called(b"sleep\09") == called(b"") == called(b"cat\0pi.txt\0x") == called(b"a\0b\0c\0pi") == ""


async def test_what_an_agent_writes_tells_what_it_is() -> None:
    parts = Parts()
    parts.recorder.note_dialect(AGENT, "delta")
    assert (parts.agent.program, parts.agent.dialect) == ("pi", "delta")
    parts.state.put_agent(replace(parts.agent, program="scripted"))
    parts.recorder.note_dialect(AGENT, "accumulated")
    assert parts.agent.program == "scripted", "who started it knows better"
