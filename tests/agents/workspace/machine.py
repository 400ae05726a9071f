"""A workspace on this machine, on which the scripts run as they do on a VM; git itself is the oracle."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.answers import WorkAnswer, read_answer, repository_of
from cockpit.model.changes.report import Base, RepositoryChanges, Since, Snapshot, SnapshotKind


def run(script: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a script as the VM's shell does."""
    return subprocess.run(["sh", "-c", script], input=stdin, capture_output=True, check=False, timeout=120)


def git(place: Path, *words: str, data: bytes = b"") -> bytes:
    """Run git in a repository of the agent, and return what it writes."""
    identity = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "core.fsmonitor=",
        "-c",
        "protocol.file.allow=always",
    )
    done = subprocess.run(["git", "-C", str(place), *identity, *words], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Machine:
    """One agent's directories."""

    paths: AgentPaths

    @classmethod
    def at(cls, place: Path) -> Machine:
        """Make them, with an output of the agent."""
        made = AgentPaths(str(place / "agent"), str(place / "work"))
        for directory in (made.directory, made.workspace):
            Path(directory).mkdir(parents=True)
        Path(made.file("out")).write_text("{}\n")
        return cls(made)

    @property
    def work(self) -> Path:
        """The workspace."""
        return Path(self.paths.workspace)

    def repository(self, name: str = "") -> Path:
        """Make a repository with one commit of one file `kept`."""
        place = self.work / name
        place.mkdir(exist_ok=True)
        git(place, "init", "-q", "-b", "main")
        (place / "kept").write_text("a\nb\nc\n")
        git(place, "add", ".")
        git(place, "commit", "-qm", "first")
        return place

    def answer(self, script: str, stdin: bytes = b"") -> WorkAnswer:
        """Run a script that ends well."""
        done = run(script, stdin)
        assert done.returncode == 0, done.stderr
        found = read_answer(done.stdout)
        assert found.ended, done.stdout
        return found

    def keep(self, kind: SnapshotKind = SnapshotKind.PROMPT, text: str = "") -> WorkAnswer:
        """Keep the state of the workspace."""
        return self.answer(scripts.keep_script(self.paths, kind, text))

    def look(self, since: Since = Since.TASK, name: str = "") -> dict[str, RepositoryChanges]:
        """Return what changed, by place."""
        return {changes.place: changes for changes, _ in self.told(since, name)}

    def told(self, since: Since = Since.TASK, name: str = "") -> list[tuple[RepositoryChanges, tuple[Snapshot, ...]]]:
        """Return what changed, with what was kept."""
        found = self.answer(scripts.look_script(self.paths, Base(since, name)))
        return [repository_of(parts) for parts in found.repositories]
