"""Which agent program is offered, and why another is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.agents.adapter import Program
from cockpit.bootstrap.programs import default_program, local_programs, remote_programs
from cockpit.config import AgentSettings, Settings
from cockpit.errors import ConfigError
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.own.described import DescribedAgent

SPAWN = Spawn("ada", AgentKind.LIEUTENANT)


def pi_on_path(directory: Path) -> dict[str, str]:
    """Return an environment whose PATH has a program called pi."""
    directory.mkdir()
    program = directory / "pi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return {"PATH": str(directory)}


def test_without_pi_the_reason_is_said(tmp_path: Path) -> None:
    pi, claude, scripted = local_programs(Settings(), {"PATH": str(tmp_path)})
    assert "not installed" in pi.reason and "not installed" in claude.reason and scripted.reason == ""


def test_no_configuration_of_this_machine_goes_to_a_real_vm(tmp_path: Path) -> None:
    environment = pi_on_path(tmp_path / "bin") | {"PI_CODING_AGENT_DIR": str(tmp_path)}
    (tmp_path / "settings.json").write_text('{"a": "canary"}')
    (tmp_path / "skills" / "one").mkdir(parents=True)
    (tmp_path / "skills" / "one" / "SKILL.md").write_text("canary")

    def carried(*programs: Program) -> list[str]:
        return [path for program in programs for path, content in program.files if b"canary" in content]

    assert len(carried(*local_programs(Settings(), environment))) == 2
    assert carried(*remote_programs(Settings(), environment)) == []


def test_without_credentials_the_reason_is_said(tmp_path: Path) -> None:
    environment = pi_on_path(tmp_path / "bin")
    assert "no credentials" in local_programs(Settings(), environment)[0].reason
    with_key = local_programs(Settings(), environment | {"ANTHROPIC_API_KEY": "k"})[0]
    assert with_key.reason == "" and with_key.passed(Spawn("ada", AgentKind.WORKER)) == {"ANTHROPIC_API_KEY": "k"}


def test_pi_keeps_the_operators_configuration(tmp_path: Path, isolated_home: Path) -> None:
    directory = isolated_home / ".pi" / "agent"
    (directory / "extensions").mkdir(parents=True)
    (directory / "models.json").write_text(json.dumps({"providers": {"own": {"apiKey": "x"}}}))
    (directory / "extensions" / "gate.ts").write_text("export default () => {}")
    (directory / "sessions").mkdir()
    (directory / "sessions" / "old.jsonl").write_text("{}")
    pi = local_programs(Settings(), pi_on_path(tmp_path / "bin"))[0]
    assert pi.reason == ""
    assert [name for name, _ in pi.files] == [
        ".swarm/start-questions.mjs",
        ".pi/agent/models.json",
        ".pi/agent/extensions/gate.ts",
    ]


def test_arguments_hold_the_model_and_no_secret(tmp_path: Path) -> None:
    environment = pi_on_path(tmp_path / "bin") | {"ANTHROPIC_API_KEY": "canary-key"}
    pi, claude, scripted = local_programs(Settings(agent=AgentSettings(model="some/model")), environment)
    arguments = list(pi.arguments(SPAWN, "~/.swarm/instructions.md", False))
    assert arguments[:4] == ["pi", "--mode", "rpc", "--model"] and "some/model" in arguments
    assert "--continue" in pi.arguments(SPAWN, "~/.swarm/instructions.md", True)
    assert not any("canary" in word for word in (*arguments, *claude.arguments(SPAWN, "x", True)))
    assert "cockpit.embedded.scripted_agent" in scripted.arguments(SPAWN, "x", False)


def test_scripted_agents_are_for_the_embedded_fleet() -> None:
    pi, claude, scripted = remote_programs(Settings(), {})
    assert pi.reason == claude.reason == "" and "embedded" in scripted.reason


def test_unasked_the_first_kind_that_can_run_is_taken_and_said_why(tmp_path: Path) -> None:
    without = local_programs(Settings(), {"PATH": str(tmp_path)})
    name, why = default_program(Settings(), without)
    assert name == "scripted" and why.startswith("scripted, the first that can run: pi cannot: pi is not installed")
    with_pi = local_programs(Settings(), pi_on_path(tmp_path / "bin") | {"ANTHROPIC_API_KEY": "k"})
    assert default_program(Settings(), with_pi) == ("pi", "pi, the first of all kinds")


def test_what_the_operator_says_is_taken_before_all_that_can_run(tmp_path: Path) -> None:
    tables = {"bot": DescribedAgent(("sh",), done="^done")}
    settings = Settings(agent=AgentSettings(program="bot"), agents=tables)
    programs = local_programs(settings, {"PATH": "/usr/bin:/bin"})
    assert default_program(settings, programs) == ("lines:bot", "lines:bot, as program in [agent] says")
    assert default_program(Settings(agents=tables), programs)[0] != "lines:bot", "only where it is chosen"


def test_a_described_agent_whose_command_is_absent_says_so_with_its_table() -> None:
    settings = Settings(agents={"bot": DescribedAgent(("no-such-program",)), "own": DescribedAgent(("/opt/x",))})
    bot, own = local_programs(settings, {"PATH": "/usr/bin:/bin"})[-2:]
    assert bot.name == "lines:bot" and "no-such-program is not on PATH" in bot.reason and "[agents.bot]" in bot.reason
    assert own.reason == "", "a path may be one of the VM"


def test_a_described_agent_has_no_name_of_another_kind() -> None:
    with pytest.raises(ConfigError, match=r"agents\.pi"):
        local_programs(Settings(agents={"pi": DescribedAgent(("sh",))}), {})
