"""The shell scripts that start, find, write to and stop an agent on a VM.

No secret is ever part of a script: environment and prompts come over standard input. Liveness is the truth of the FIFO
(who has it open), never a process number read from a file: a copied VM has the files of its parent, not its processes.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence

from cockpit.agents.reporting import beats
from cockpit.agents.scaffold import sending, shell
from cockpit.agents.scaffold.launcher import LAUNCHER, MARK
from cockpit.agents.scaffold.layout import (
    AGENT_SESSION,
    KEEPER_SESSION,
    AgentPaths,
    ScriptExit,
    shell_path,
    shell_word,
)
from cockpit.agents.scaffold.programs import FACTS
from cockpit.errors import UsageError

BEGIN = "cockpit-scaffold-begin"
END = "cockpit-scaffold-end"
"""Answers stand between these lines: a VM's login files may print something of their own before."""

ENVIRONMENT_END = "end"
"""The last line of an environment; without it the transfer was cut."""

ERROR_LINES = 20
"""How many of the last lines of `err` an answer carries."""

START_LIMIT = 15.0
"""Seconds the launcher gets to have the agent running; a start takes tens of milliseconds."""

STOP_GRACE = 5.0
"""Seconds between TERM and KILL."""

NAP = 0.05
"""Seconds between two looks at a condition on the VM."""

FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Searched last: an SSH exec may come with a PATH that misses the usual places."""


def start_script(
    paths: AgentPaths,
    run_id: str,
    program: str,
    argv: Sequence[str],
    *,
    allow_detached: bool = True,
    required_files: Sequence[str] = (),
    details: Mapping[str, str] | None = None,
    fresh: bool = False,
    anew: bool = False,
) -> str:
    """Return the script that starts an agent, or adopts the one that runs already and changes nothing.

    It reads an environment as `encode_environment` frames it from standard input, and ends when the agent's process has
    the FIFO open (a bounded wait); whether the agent answers is for a `get_state` to find out.

    Args:
        paths: where the agent lives.
        run_id: identity of this daemon run; it stands in `run` and in the lines around the run in `out`.
        program: the name of its kind, as people read it.
        argv: the program and its arguments; a leading `~/` is the VM user's home. Never a place for a secret.
        allow_detached: run without tmux where there is none.
        required_files: files the arguments name; their absence is a failure instead of a strange prompt.
        details: what `run` says besides, e.g. the path and version of the program; no secret.
        fresh: end what runs there already and move its files to `earlier.N`, instead of adopting it: what an image
            brought is another agent's.
        anew: end what runs there already and start it again in its own files, instead of adopting it: what a copied VM
            brought has its original's environment.

    Raises:
        UsageError: there is no program, or an argument cannot be passed.
    """
    if not argv or not argv[0] or argv[0].startswith("-"):
        raise UsageError("the agent's command names no program", hint="give a program name first")
    run_line = json.dumps({"type": "cockpit_run", "run": run_id, "agent": program}, separators=(",", ":"))
    exit_line = json.dumps({"type": "cockpit_exit", "run": run_id}, separators=(",", ":"))[:-1] + ',"code":'
    launcher = (
        LAUNCHER.replace("@RUN_LINE@", shlex.quote(run_line))
        .replace("@EXIT_LINE@", shlex.quote(exit_line))
        .replace("@ARGUMENTS@", "set -- " + " ".join(shell_word(word) for word in argv))
        .replace("@MARK@", MARK)
        .replace("@BEATS@", beats.FILE)
        .replace("@BEAT_SECONDS@", f"{beats.INTERVAL:g}")
    )
    delimiter = "LAUNCHER"
    while delimiter in launcher:
        delimiter += "_"
    body = (
        shell.START.replace("@DELIMITER@", delimiter)
        .replace("@REQUIRED@", " ".join(shell_path(path) for path in required_files))
        .replace("@BEATS_DELIMITER@", "BEATS_END")
        .replace("@BEATS@", beats.beat_script())
        .replace("@LAUNCHER@", launcher)
    )
    settings = settings_of(paths) + assign(
        run_json=json.dumps(run_id),
        program_json=json.dumps(program),
        details_json="".join(f",{json.dumps(key)}:{json.dumps(value)}" for key, value in (details or {}).items()),
        allow_detached=str(int(allow_detached)),
        nobody_beats=beats.NOBODY,
        fresh=str(int(fresh)),
        anew=str(int(anew)),
        grace_naps=naps(STOP_GRACE),
        environment_end=ENVIRONMENT_END,
        lock_naps=naps(2 * START_LIMIT),
        start_naps=naps(START_LIMIT),
    )
    return settings + shell.COMMON + shell.END_AGENT + body


def probe_script(paths: AgentPaths) -> str:
    """Return the script that says whether the agent lives; it blocks on nothing and changes nothing."""
    return settings_of(paths) + shell.COMMON + shell.PROBE


def send_script(
    paths: AgentPaths,
    size: int,
    *,
    timeout: float = 10.0,
    lock_timeout: float = 20.0,
    leading_newline: bool = False,
    staged: str = "",
) -> str:
    """Return the script that writes complete lines, read from standard input, into the agent's FIFO.

    Args:
        paths: where the agent lives.
        size: bytes of the payload; anything else on standard input is taken for a dropped connection.
        timeout: seconds the agent gets to read it (rounded up).
        lock_timeout: seconds to wait for other writers.
        leading_newline: write a bare LF first, which ends whatever half line an earlier writer left. Needed on the
            first write after each connect; it costs one harmless parse error in `out`.
        staged: the name of what `stage_script` has brought of the payload; standard input is what follows it.
    """
    settings = settings_of(paths) + assign(
        size=str(size + int(leading_newline)),
        limit=str(max(1, math.ceil(timeout))),
        lock_naps=naps(lock_timeout),
        leading_newline=str(int(leading_newline)),
        staged=staged,
    )
    return settings + shell.COMMON + sending.SEND


def stage_script(paths: AgentPaths, name: str, offset: int, size: int) -> str:
    """Return the script that keeps one piece of a long payload beside the FIFO, read from standard input.

    Args:
        paths: where the agent lives.
        name: what the payload is called until it is written; a plain word.
        offset: bytes of it that are there already.
        size: bytes of the piece; anything else on standard input is taken for a dropped connection.
    """
    settings = settings_of(paths) + assign(staged=name, offset=str(offset), upto=str(offset + size))
    return settings + shell.COMMON + sending.STAGE


def stop_script(paths: AgentPaths, *, grace: float = STOP_GRACE) -> str:
    """Return the script that ends agent and keeper (TERM, after `grace` seconds KILL) and keeps `out` and `err`."""
    settings = settings_of(paths) + assign(lock_naps=naps(2.0), grace_naps=naps(grace))
    return settings + shell.COMMON + shell.END_AGENT + shell.STOP


def facts_script(command: str, first_path: str = "") -> str:
    """Return the script that says which programs the VM has, and the versions of the agent's, node and tmux.

    Args:
        command: the agent's program, empty if none is looked for.
        first_path: directories searched before the VM's own PATH, as the agent will search them.
    """
    settings = assign(end=END, fallback_path=FALLBACK_PATH, first_path=first_path, wanted=command)
    return f"printf '\\n%s\\n' {BEGIN}\n" + settings + FACTS


def settings_of(paths: AgentPaths) -> str:
    """Return the head of a script: everything that comes from outside, as quoted assignments."""
    places = f"directory={shell_path(paths.directory.rstrip('/') or '/')} workspace={shell_path(paths.workspace)}\n"
    constants = assign(
        end=END,
        fallback_path=FALLBACK_PATH,
        nap=str(NAP),
        beats_file=beats.FILE,
        error_lines=str(ERROR_LINES),
        keeper_session=KEEPER_SESSION,
        agent_session=AGENT_SESSION,
        code_not_private=str(int(ScriptExit.NOT_PRIVATE)),
        code_incomplete=str(int(ScriptExit.INPUT_INCOMPLETE)),
        code_program=str(int(ScriptExit.PROGRAM_MISSING)),
        code_ended=str(int(ScriptExit.ENDED_AT_ONCE)),
        code_no_tmux=str(int(ScriptExit.NO_TMUX)),
        code_not_started=str(int(ScriptExit.NOT_STARTED)),
        code_file=str(int(ScriptExit.FILE_MISSING)),
        code_no_reader=str(int(ScriptExit.NO_READER)),
        code_not_read=str(int(ScriptExit.NOT_READ)),
        code_locked=str(int(ScriptExit.LOCKED)),
        code_left=str(int(ScriptExit.READER_LEFT)),
    )
    return f"printf '\\n%s\\n' {BEGIN}\n" + places + constants


def assign(**values: str) -> str:
    """Return shell assignments."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def naps(seconds: float) -> str:
    """Return how many looks fit into a time."""
    return str(max(1, math.ceil(seconds / NAP)))
