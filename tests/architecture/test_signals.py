"""One module owns the signals of the cockpit: `cli/signals.py`; programs of their own answer for theirs."""

from __future__ import annotations

import ast

from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

OWNER = PACKAGE / "cli" / "signals.py"

PROGRAMS = {
    PACKAGE / "agents" / "lines" / "__main__.py": "around an agent that prints lines, on its VM",
    PACKAGE / "embedded" / "sandbox" / "init.py": "the first process of a sandbox",
    PACKAGE / "embedded" / "scripted_agent" / "program.py": "an agent",
    PACKAGE / "embedded" / "serve.py": "the server of the embedded fleet, a process of its own",
    PACKAGE / "embedded" / "services.py": "the services on a VM of their own",
}
"""Modules that run as processes of their own, without the command line around them."""

OTHERS = {
    PACKAGE / "__main__.py": {"SIGINT"},
    PACKAGE / "agents" / "lines" / "patterns.py": {"SIGALRM", "?"},
    PACKAGE / "cli" / "first_sight.py": {"SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"},
    PACKAGE / "ui" / "terminal" / "driver.py": {"SIGWINCH"},
}
"""What else sets a handler, and for which signals: before the command line is imported; the size of the
terminal; the bound of a pattern's time, on the VM of an agent that prints lines."""

SETTERS = {
    "add_signal_handler",
    "default_int_handler",
    "pthread_sigmask",
    "remove_signal_handler",
    "set_wakeup_fd",
    "setitimer",
    "siginterrupt",
    "sigwait",
    "sigwaitinfo",
}
"""What changes how a process takes signals, beside `signal.signal` itself."""


def handled(tree: ast.Module) -> dict[str, int]:
    """Return for which signals a module changes what they do, with a line; `?` where the code computes which."""
    found: dict[str, int] = {}
    for node in nodes(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "signal"
            and {"signal", *SETTERS} & {alias.name for alias in node.names}
        ):
            found["?"] = node.lineno
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func) == "signal.signal" or node.func.attr in SETTERS:
            number = ast.unparse(node.args[0]).removeprefix("signal.") if node.args else "?"
            found[number if number.startswith("SIG") else "?"] = node.lineno
    return found


def test_one_module_owns_the_signals() -> None:
    found = [
        f"{place(path, line)} {number}"
        for path in package_files()
        if path != OWNER and path not in PROGRAMS
        for number, line in handled(tree_of(path)).items()
        if number not in OTHERS.get(path, set[str]())
    ]
    assert found == []


def test_the_excused_modules_set_what_they_are_excused_for() -> None:
    assert handled(tree_of(OWNER))
    assert all(handled(tree_of(path)) for path in PROGRAMS)
    assert {path: set(handled(tree_of(path))) for path in OTHERS} == OTHERS


def test_programs_of_their_own_are_imported_by_no_screen_and_no_verb() -> None:
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in PROGRAMS}
    found = [
        f"{place(path, node.lineno)} {node.module}"
        for path in package_files()
        if (PACKAGE / "embedded") not in path.parents and path != PACKAGE / "cli" / "serve.py"
        for node in nodes(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in names
    ]
    assert found == []


def test_the_rule_sees_handlers() -> None:
    source = (
        "import signal\nsignal.signal(signal.SIGTERM, stop)\nloop.add_signal_handler(signal.SIGHUP, stop)\n"
        "signal.signal(number, stop)\nos.kill(pid, signal.SIGKILL)\nsignal.getsignal(signal.SIGINT)\n"
    )
    assert handled(ast.parse(source)) == {"SIGTERM": 2, "SIGHUP": 3, "?": 4}
    assert handled(ast.parse("from signal import signal")) == {"?": 1}
    assert handled(ast.parse("from signal import SIGTERM")) == {}
