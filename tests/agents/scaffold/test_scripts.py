"""The scaffold's scripts, run for real: start, adopt, probe, stop, and what is left when an agent is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.adapter import Program
from cockpit.agents.pi.adapter import PiAdapter
from cockpit.agents.scaffold import scripts
from cockpit.agents.scaffold.answers import AgentState, parse_facts, parse_start
from cockpit.agents.scaffold.environment import encode_environment
from cockpit.agents.scaffold.layout import AgentPaths, command_line
from cockpit.agents.scaffold.scripts import facts_script, start_script
from cockpit.errors import CockpitError, NotFound, Refused, UsageError
from tests.agents.scaffold.scaffold_machine import Machine, open_on, wait_until
from tests.requirements import require_program

PROGRAM = Program("pi", "", lambda spawn, instructions, again: ())


SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]


def shell_machine(home: Path, shell: str) -> Machine:
    """Return a machine whose `sh` is this shell; with busybox nearly all other programs are busybox's, too."""
    require_program("tmux")
    program = require_program(shell)
    places = home / "shell"
    places.mkdir(parents=True)
    if shell == "busybox":
        subprocess.run([program, "--install", "-s", str(places)], check=True, capture_output=True, timeout=20)
    (places / "sh").unlink(missing_ok=True)
    (places / "sh").symlink_to(program)
    return Machine(home, ("sh",), path=f"{places}:{os.environ['PATH']}")


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine for each shell; what it started is ended."""
    machine = shell_machine(tmp_path, request.param)
    yield machine
    machine.close()


@pytest.fixture
def any_machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with the system's own shell, for what does not depend on the shell."""
    require_program("tmux")
    machine = Machine(tmp_path)
    yield machine
    machine.close()


def exit_line(run: str, code: int) -> bytes:
    return f'{{"type":"cockpit_exit","run":"{run}","code":{code}}}'.encode()


def run_line(run: str, program: str = "reader") -> bytes:
    return f'{{"type":"cockpit_run","run":"{run}","agent":"{program}"}}'.encode()


def tmux(machine: Machine, *arguments: str) -> str:
    done = subprocess.run(
        ["tmux", *arguments], env=machine.environment, capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout


def test_a_life(machine: Machine) -> None:
    assert machine.probe().state is AgentState.ABSENT
    started = machine.start("run-1", [*machine.reader(), "an argument", "it's", "$HOME `id`", "~/x y"])
    assert (started.run_id, started.mode, started.adopted, started.program) == (
        "run-1",
        "tmux",
        False,
        "reader",
    )
    assert started.pid is not None and psutil.pid_exists(started.pid)

    wait_until(lambda: len(machine.lines()) >= 2, "the agent speaks")
    lines = machine.lines()
    assert lines[0] == run_line("run-1")
    ready = json.loads(lines[1])
    assert ready["arguments"] == ["an argument", "it's", "$HOME `id`", f"{machine.home}/x y"]
    assert ready["directory"] == str(machine.home / "workspace")
    current = os.umask(0o022)
    os.umask(current)
    assert ready["umask"] == current, "the agent's own files are not made private by our umask"

    alive = machine.probe()
    assert (alive.state, alive.run_id, alive.mode, alive.program) == (
        AgentState.ALIVE,
        "run-1",
        "tmux",
        "reader",
    )
    assert (alive.pid, alive.exit_code) == (started.pid, None)
    assert alive.out_size == machine.file("out").stat().st_size
    assert alive.started_at is not None

    assert machine.send(b"hello\n", leading_newline=True).size == 7
    wait_until(lambda: len(machine.lines()) == 4, "both lines are read")
    assert [json.loads(line)["size"] for line in machine.lines()[2:]] == [1, 6]

    stopped = machine.stop()
    assert (stopped.stopped, stopped.exit_code, stopped.run_id) == (True, 143, "run-1")
    assert machine.lines()[-1] == exit_line("run-1", 143)
    dead = machine.probe()
    assert (dead.state, dead.exit_code, dead.run_id, dead.program) == (
        AgentState.DEAD,
        143,
        "run-1",
        "reader",
    )
    assert "pi-" not in tmux(machine, "list-sessions")
    assert not machine.stop().stopped
    assert machine.lines()[-1] == exit_line("run-1", 143)


def test_directories_and_files_are_private(any_machine: Machine) -> None:
    any_machine.start()
    directory = any_machine.file("out").parent
    assert directory.stat().st_mode & 0o777 == 0o700
    for path in directory.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_second_start_adopts_and_changes_nothing(machine: Machine) -> None:
    first = machine.start("run-1")
    wait_until(lambda: len(machine.lines()) == 2, "the agent speaks")
    before = {
        path.name: path.stat().st_mtime_ns for path in machine.file("out").parent.iterdir() if path.name != "lock"
    }
    second = machine.start("run-2", environment={"TEST_SECRET": "x" * 200_000})
    assert (second.run_id, second.adopted, second.pid, second.mode) == ("run-1", True, first.pid, "tmux")
    after = {path.name: path.stat().st_mtime_ns for path in machine.file("out").parent.iterdir() if path.name != "lock"}
    assert before == after


def test_simultaneous_starts_make_one_agent(any_machine: Machine) -> None:
    # Written once: a program that is written anew while it is loaded is an empty one.
    reader = any_machine.reader()
    results = []

    def start(number: int) -> None:
        results.append(any_machine.start(f"run-{number}", reader))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.adopted for result in results) == [False, True, True, True, True]
    assert len({result.pid for result in results}) == 1
    assert len({result.run_id for result in results}) == 1


def test_an_agent_that_another_tool_started_is_adopted(any_machine: Machine) -> None:
    directory = any_machine.file("out").parent
    directory.mkdir()
    os.mkfifo(directory / "in")
    with (directory / "in").open("r+b", buffering=0) as fifo:
        reader = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.buffer.read()"], stdin=fifo)
    try:
        started = any_machine.start()
        assert (started.adopted, started.run_id, started.pid) == (True, "", reader.pid)
        assert any_machine.probe().state is AgentState.ALIVE
    finally:
        reader.kill()
        reader.wait()


@pytest.mark.parametrize(
    "end", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name
)
def test_a_killed_agent_leaves_its_exit_line(machine: Machine, end: signal.Signals) -> None:
    started = machine.start("run-k", ["sh", "-c", "printf half; exec cat"])
    assert started.pid is not None
    wait_until(lambda: machine.file("out").read_bytes().endswith(b"half"), "the agent speaks")
    os.kill(started.pid, end)
    wait_until(machine.file("exit").exists, "the exit is written down")
    assert machine.lines() == [run_line("run-k"), b"half", exit_line("run-k", 128 + end)]
    probe = machine.probe()
    assert (probe.state, probe.exit_code) == (AgentState.DEAD, 128 + end)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_to_the_launcher_ends_the_agent_and_is_written_down(machine: Machine, end: signal.Signals) -> None:
    machine.start("run-l")
    launcher = int(tmux(machine, "list-panes", "-t", "=pi-rpc:", "-F", "#{pane_pid}"))
    wait_until(lambda: len(machine.lines()) == 2, "the agent speaks")
    os.kill(launcher, end)
    wait_until(machine.file("exit").exists, "the exit is written down")
    expected = {signal.SIGINT: (1, 130)}.get(end, (128 + end,))
    assert machine.lines()[-1] in [exit_line("run-l", code) for code in expected]


def test_killing_the_tmux_session_is_written_down(machine: Machine) -> None:
    machine.start("run-t")
    tmux(machine, "kill-session", "-t", "=pi-rpc")
    wait_until(machine.file("exit").exists, "the exit is written down")
    assert machine.lines()[-1] == exit_line("run-t", 129)


def test_killing_the_tmux_server_is_written_down(any_machine: Machine) -> None:
    any_machine.start("run-s")
    tmux(any_machine, "kill-server")
    wait_until(any_machine.file("exit").exists, "the exit is written down")
    assert any_machine.lines()[-1] in (exit_line("run-s", 129), exit_line("run-s", 0))


def test_an_agent_that_ignores_term_is_killed(machine: Machine) -> None:
    machine.start("run-i", ["sh", "-c", "trap '' TERM; echo ready; while read -r line; do :; done"])
    wait_until(lambda: machine.lines()[-1:] == [b"ready"], "the agent is deaf")
    assert machine.stop(grace=0.2).exit_code == 137
    assert machine.lines()[-1] == exit_line("run-i", 137)


def test_a_restart_appends_and_mends_a_half_line(machine: Machine) -> None:
    machine.start("run-1")
    machine.send(b"fail\n")
    wait_until(machine.file("exit").exists, "the agent gives up")
    dead = machine.probe()
    assert (dead.state, dead.exit_code, dead.errors) == (AgentState.DEAD, 7, ("the agent gives up",))
    before = machine.file("out").read_bytes()
    inode = machine.file("out").stat().st_ino
    with machine.file("out").open("ab") as out:
        out.write(b'{"type":"cut in ha')
    machine.start("run-2")
    wait_until(lambda: machine.file("out").read_bytes().count(b"\n") >= before.count(b"\n") + 3, "it speaks again")
    assert machine.file("out").read_bytes().startswith(before + b'{"type":"cut in ha\n' + run_line("run-2") + b"\n")
    assert machine.file("out").stat().st_ino == inode
    assert machine.probe().exit_code is None


def test_unread_commands_of_a_dead_agent_do_not_reach_the_next_one(any_machine: Machine) -> None:
    first = any_machine.start("run-1", ["sh", "-c", "sleep 60 & wait"])
    any_machine.send(b"an order for the first\n")
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    wait_until(any_machine.file("exit").exists, "the exit is written down")
    any_machine.start("run-2")
    any_machine.send(b"x\n")
    wait_until(lambda: b'"got"' in any_machine.file("out").read_bytes(), "something is read")
    sizes = [json.loads(line)["size"] for line in any_machine.lines() if b'"got"' in line]
    assert sizes == [2]


def test_leftovers_of_a_copied_disk_are_cleaned_and_their_processes_left_alone(
    machine: Machine, tmp_path: Path
) -> None:
    original = Machine(tmp_path / "original", path=machine.path)
    original.home.mkdir()
    try:
        first = original.start("run-1")
        wait_until(lambda: len(original.lines()) == 2, "the agent speaks")
        copy = machine.file("out").parent
        copy.mkdir()
        for name in ("out", "err", "run", "pid"):
            shutil.copy(original.file(name), copy / name)
        os.mkfifo(copy / "in")
        probe = machine.probe()
        assert (probe.state, probe.run_id, probe.exit_code) == (AgentState.DEAD, "run-1", None)
        machine.stop()
        assert original.probe().state is AgentState.ALIVE
        started = machine.start("run-2")
        assert not started.adopted and started.pid != first.pid
        assert original.probe().pid == first.pid
    finally:
        original.close()


def test_strange_paths(machine: Machine) -> None:
    name = 'it\'s a "path" with $HOME `id` & ; * \\ and ' + "length" * 20
    machine.paths = AgentPaths(f"~/{name}/pi-rpc", str(machine.home / name / "work"))
    machine.start()
    machine.send(b"x\n")
    wait_until(lambda: len(machine.lines()) == 3, "the line is read")
    assert json.loads(machine.lines()[1])["directory"] == str(machine.home / name / "work")
    assert machine.stop().exit_code == 143


def test_environment_arrives_exactly_and_stays_nowhere(machine: Machine) -> None:
    canary = "canary-5f3c2b1a'\"\\ $(id) `id`"
    values = {
        "TEST_KEY": canary,
        "TEST_LINES": "one\ntwo\n\n",
        "TEST_ESCAPES": r"\0101 \c \n %s \\",
        "TEST_UNICODE": "ü 漢 🙂 \x85 \u2028",
        "TEST_EMPTY": "",
        "TEST_EQUALS": "=a=b=",
        "TEST_CONTROL": "\x01\x7f\t\r\x1b[31m",
        "TEST_LONG": "x" * 100_000,
        "directory": "/nowhere",
        "fifo": "/nowhere",
    }
    seen: list[bytes] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    try:
                        command = (process / "cmdline").read_bytes()
                    except OSError:
                        continue
                    if b"canary-5f3c2b1a" in command:
                        seen.append(command)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        machine.start(environment=values)
        wait_until(lambda: len(machine.lines()) == 2, "the agent speaks")
        wrong = machine.stop()
    finally:
        ended.set()
        watcher.join()
    assert wrong.stopped
    ready = json.loads(machine.lines()[1])
    assert ready["environment"] == {name: value for name, value in values.items() if name.startswith("TEST_")}
    assert seen == []
    machine.start(environment={"SECRET_KEY": canary})
    assert "canary" not in tmux(machine, "list-panes", "-a", "-F", "#{pane_start_command} #{pane_title}")
    assert "canary" not in tmux(machine, "show-environment", "-g")
    machine.file("out").unlink()
    for path in machine.home.rglob("*"):
        if path.is_file():
            assert b"canary-5f3c2b1a" not in path.read_bytes(), path


def test_a_cut_environment_starts_nothing(any_machine: Machine) -> None:
    script = start_script(any_machine.paths, "run-1", "reader", any_machine.reader())
    data = encode_environment({"TEST_KEY": "canary"})
    for cut in (0, 5, len(data) - 5):
        code, out, err = any_machine.execute(script, data[:cut])
        with pytest.raises(CockpitError, match="connection dropped"):
            parse_start(code, out, err, place="VM test")
    assert not any_machine.file("environment").exists()
    assert any_machine.probe().state is AgentState.ABSENT


def test_a_missing_program_is_named_with_the_path_searched(machine: Machine) -> None:
    with pytest.raises(NotFound, match=r"`command -v` found nothing in .*/the/given/path"):
        machine.start("run-1", ["no-such-agent"], {"PATH": f"{machine.path}:/the/given/path"})
    assert machine.lines() == []
    wait_until(lambda: open_on(machine.file("in")) == [], "the keeper is gone")


def test_an_agent_that_ends_at_once_says_why(machine: Machine) -> None:
    with pytest.raises(Refused, match=r"exit code 3\nbad flag"):
        machine.start("run-1", ["sh", "-c", "echo bad flag >&2; exit 3"])
    assert machine.lines() == [run_line("run-1"), exit_line("run-1", 3)]


def test_a_missing_required_file_is_named(any_machine: Machine) -> None:
    with pytest.raises(NotFound, match=r"system-prompt\.md is not there"):
        any_machine.start(required_files=["~/system-prompt.md"])
    (any_machine.home / "system-prompt.md").touch()
    assert not any_machine.start(required_files=["~/system-prompt.md"]).adopted


def test_a_directory_behind_a_link_is_refused(any_machine: Machine) -> None:
    (any_machine.home / "elsewhere").mkdir()
    any_machine.file("out").parent.symlink_to(any_machine.home / "elsewhere")
    with pytest.raises(Refused, match="is a link"):
        any_machine.start()


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make a PATH that has the machine's programs without some of them."""
    monkeypatch.setattr(scripts, "FALLBACK_PATH", "/nonexistent")

    def make(*absent: str) -> str:
        directory = tmp_path / "bin"
        directory.mkdir()
        for place in ("/usr/bin", "/bin"):
            for program in Path(place).iterdir():
                link = directory / program.name
                if program.name not in absent and not link.is_symlink():
                    link.symlink_to(program)
        return str(directory)

    return make


def test_without_tmux_the_agent_runs_detached(machine: Machine, bare_path: Callable[..., str]) -> None:
    machine.path = bare_path("tmux")
    with pytest.raises(NotFound, match="tmux"):
        machine.start(allow_detached=False)
    started = machine.start()
    assert (started.mode, started.adopted) == ("detached", False)
    again = machine.start("run-2")
    assert (again.mode, again.adopted, again.pid) == ("detached", True, started.pid)
    machine.send(b"x\n")
    wait_until(lambda: len(machine.lines()) == 3, "the line is read")
    probe = machine.probe()
    assert (probe.state, probe.mode) == (AgentState.ALIVE, "detached")
    assert machine.stop().exit_code == 143
    assert machine.lines()[-1] == exit_line("run-1", 143)
    wait_until(lambda: open_on(machine.file("in")) == [], "the keeper is gone")


def test_without_tmux_and_setsid_too(any_machine: Machine, bare_path: Callable[..., str]) -> None:
    any_machine.path = bare_path("tmux", "setsid")
    assert any_machine.start().mode == "detached"
    assert any_machine.stop().exit_code == 143


def test_a_tmux_that_does_not_work_is_said(any_machine: Machine) -> None:
    any_machine.sockets = any_machine.home / ("long" * 40)
    any_machine.sockets.mkdir()
    started = any_machine.start()
    assert started.mode == "detached" and started.note
    assert any_machine.probe().mode == "detached"


def test_facts(machine: Machine) -> None:
    (machine.home / ".local/bin").mkdir(parents=True)
    program = machine.home / ".local/bin/pi"
    program.write_text("#!/bin/sh\necho 0.73.1 >&2\n", encoding="utf-8")
    program.chmod(0o755)
    facts = parse_facts(*machine.execute(facts_script("pi")), place="VM test")
    assert facts.versions["pi"] and facts.programs["tmux"] and not PiAdapter().missing_reason(PROGRAM, facts, "VM test")


def test_facts_of_whatever_program_a_kind_needs(machine: Machine) -> None:
    (machine.home / ".local/bin").mkdir(parents=True)
    program = machine.home / ".local/bin/some-agent"
    program.write_text("#!/bin/sh\necho some-agent 4.2\n", encoding="utf-8")
    program.chmod(0o755)
    facts = parse_facts(*machine.execute(facts_script("some-agent")), place="VM test")
    assert facts.programs["some-agent"] == str(program) and facts.versions["some-agent"] == "some-agent 4.2"
    without = parse_facts(*machine.execute(facts_script("")), place="VM test")
    assert not {"", "pi", "some-agent"} & {*without.programs, *without.versions} and without.programs["tmux"]


@pytest.mark.parametrize(
    ("manifest", "version"),
    [
        ('{\n  "name": "x",\n  "version": "4.2.0",\n  "bin": {"some-agent": "dist/cli.js"}\n}\n', "4.2.0"),
        ('{\n\t"bin": "dist/cli.js",\n\t"version" : "1.0.0-rc.1+x"\n}', "1.0.0-rc.1+x"),
        ('{\n  "version": "4.2.0",\n  "bin": {"another": "cli.js"}\n}\n', "asked"),
        ('{\n  "bin": "dist/cli.js"\n}\n', "asked"),
        ('{"bin": "dist/cli.js", "engines": {"version": "9"}}', "asked"),
        ("", "asked"),
        (None, "asked"),
    ],
    ids=["one of several", "the only one", "another's", "no version", "in one line", "empty", "no package"],
)
def test_a_program_of_node_is_not_started_to_learn_its_version(
    any_machine: Machine, manifest: str | None, version: str
) -> None:
    package = any_machine.home / "lib/node_modules/@maker/some agent"
    program = package / "dist/cli.js"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch '{any_machine.home}/started'\necho asked\n", encoding="utf-8")
    program.chmod(0o755)
    if manifest is not None:
        (package / "package.json").write_text(manifest, encoding="utf-8")
    commands = any_machine.home / ".local/bin"
    commands.mkdir(parents=True)
    (commands / "some-agent").symlink_to(program)
    facts = parse_facts(*any_machine.execute(facts_script("some-agent")), place="VM test")
    assert facts.versions["some-agent"] == version
    assert (any_machine.home / "started").exists() == (version == "asked")


def test_a_package_json_outside_node_modules_is_not_read(machine: Machine) -> None:
    """A repository's own script, on PATH beside the repository's package.json."""
    program = machine.home / ".local/bin/some-agent"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho asked\n", encoding="utf-8")
    program.chmod(0o755)
    (machine.home / ".local/bin/package.json").write_text('{\n  "version": "9",\n  "bin": "some-agent"\n}\n')
    facts = parse_facts(*machine.execute(facts_script("some-agent")), place="VM test")
    assert facts.versions["some-agent"] == "asked"


def test_facts_without_pi(any_machine: Machine, bare_path: Callable[..., str]) -> None:
    any_machine.path = bare_path("pi")
    facts = parse_facts(*any_machine.execute(facts_script("pi")), place="VM test")
    assert "pi is not on VM test" in PiAdapter().missing_reason(PROGRAM, facts, "VM test")
    assert any_machine.path in PiAdapter().missing_reason(PROGRAM, facts, "VM test")


@pytest.mark.parametrize("login_shell", ["sh", "bash", "zsh", "fish"])
def test_one_command_line_for_every_login_shell(any_machine: Machine, login_shell: str) -> None:
    if shutil.which(login_shell) is None:
        pytest.skip(f"{login_shell} is not installed")
    any_machine.shell = (login_shell,)
    script = start_script(any_machine.paths, "run's", "reader", any_machine.reader())
    result = parse_start(*any_machine.execute(command_line(script), encode_environment({})), place="VM test")
    assert result.run_id == "run's"
    assert json.loads(any_machine.lines()[0])["run"] == "run's"
    any_machine.shell = ("sh",)


def test_noise_of_login_files_is_no_answer(any_machine: Machine) -> None:
    script = start_script(any_machine.paths, "run-1", "reader", any_machine.reader())
    code, out, err = any_machine.execute(script, encode_environment({}))
    assert (
        parse_start(code, b"Welcome!\nrun={}\nno line feed" + out + b"\ngoodbye", err, place="VM test").run_id
        == "run-1"
    )
    with pytest.raises(CockpitError, match="code 0 before its end"):
        parse_start(code, out[:-10], err, place="VM test")


@given(
    st.dictionaries(
        st.from_regex(r"TEST_[A-Z0-9_]{1,8}", fullmatch=True),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
        max_size=4,
    )
)
def test_environment_lines_hold_no_shell_text(variables: dict[str, str]) -> None:
    lines = encode_environment(variables).split(b"\n")
    assert lines[-2:] == [b"end", b""]
    assert len(lines) == len(variables) + 2
    for line, (name, value) in zip(lines, variables.items(), strict=False):
        assert line.startswith(name.encode() + b"=")
        decoded = re.sub(rb"\\0(\d{3})", lambda found: bytes([int(found[1], 8)]), line.split(b"=", 1)[1])
        assert decoded == value.encode()


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "IFS", "UID", "cockpit_agent", "A\n", "Ä"])
def test_names_the_shell_would_trip_over_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        encode_environment({name: "x"})


@pytest.mark.parametrize("path", ["", "relative", "~other/x", "/nul\0", "/line\nfeed"])
def test_paths_that_are_none_are_refused(path: str) -> None:
    with pytest.raises(UsageError):
        AgentPaths(path, "/workspace")
