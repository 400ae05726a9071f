"""Where the embedded fleet keeps its things on disk, and what of a sandbox's state must outlive a restart."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.paths import private_directory, runtime_directory, write_private

MARKER_VARIABLE = "COCKPIT_SANDBOX"
"""Environment variable that every process of a sandbox carries; its value is the VM id."""

SOCKET_DIRECTORY_LIMIT = 80
"""Bytes a directory for unix sockets may take: the kernel allows 107 for the whole path, tmux adds about 25."""

SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

OPEN_TREES = ("home", "tmp")
"""The directories of a sandbox without walls that hold what it wrote; its commits have the same."""
PRIVATE_TREES = (*OPEN_TREES, "var-tmp", "root", "changes")
"""Those of a sandbox with walls."""

BUILDING = ".new-"
"""Prefix of a directory that is still being made: a crash leaves it, the next start removes it."""
LEAVING = ".gone-"
"""Prefix of a directory that is being removed."""


@dataclass(frozen=True, slots=True)
class FleetLayout:
    """The directories of one embedded fleet."""

    root: Path

    @property
    def vms(self) -> Path:
        """One directory per VM."""
        return self.root / "vms"

    @property
    def commits(self) -> Path:
        """One directory per commit."""
        return self.root / "commits"

    @property
    def folders(self) -> Path:
        """Directories that lie over those of the host behind the walls of an ordinary user's sandboxes."""
        return self.root / "folders"

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits that tell this fleet from others on the machine."""
        return hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:8]

    def prepare(self) -> None:
        """Create the directories, each private to this user.

        Raises:
            ConfigError: one of them is a link or belongs to somebody else.
        """
        private_directory(self.root)
        private_directory(self.vms)
        private_directory(self.commits)

    def sandbox(self, vm_id: str) -> SandboxLayout:
        """Return the places of one VM."""
        return SandboxLayout(vm_id, self.vms / vm_id)

    def socket_directory(self, vm_id: str) -> Path:
        """Return where a VM's tmux socket lives: in the fleet if its path is short, else in the runtime directory.

        The fleet is preferred since a login manager empties the runtime directory when the operator logs out.
        """
        short = hashlib.sha256(vm_id.encode()).hexdigest()[:12]
        inside = self.root.resolve() / "run" / short
        if len(os.fsencode(inside)) <= SOCKET_DIRECTORY_LIMIT:
            private_directory(inside.parent)
            return inside
        return runtime_directory() / f"{self.mark}-{short}"


@dataclass(frozen=True, slots=True)
class SandboxLayout:
    """The places of one VM's sandbox."""

    vm_id: str
    directory: Path

    @property
    def home(self) -> Path:
        """The home directory of the VM's user."""
        return self.directory / "home"

    @property
    def temporary(self) -> Path:
        """What TMPDIR names."""
        return self.directory / "tmp"

    @property
    def lasting(self) -> Path:
        """What is /var/tmp behind walls."""
        return self.directory / "var-tmp"

    @property
    def rest(self) -> Path:
        """What is the root directory behind walls: places to mount at, and what is written beside them."""
        return self.directory / "root"

    @property
    def changes(self) -> Path:
        """What a walled sandbox changed below the host's directories, one directory for each of them."""
        return self.directory / "changes"

    @property
    def overlay_work(self) -> Path:
        """Where the kernel prepares those changes, one directory for each; nothing of it is kept."""
        return self.directory / "overlay-work"

    @property
    def client_key(self) -> Path:
        """The private key that opens the VM, OpenSSH format."""
        return self.directory / "keys" / "client"

    @property
    def key_link(self) -> Path:
        """A link to that key, by the name that the VM has for programs made for the platform."""
        return self.directory.parent.parent / "keys" / f"{self.vm_id}.vm.vers.sh"

    @property
    def host_key(self) -> Path:
        """The host key the VM shows, OpenSSH format."""
        return self.directory / "keys" / "host"

    @property
    def variables(self) -> Path:
        """Lines of `NAME=value` that every command finds in its environment, as /etc/environment gives them on a VM.

        Only where the sandbox has no /etc of its own (`etc.py`).
        """
        return self.directory / "environment"

    @property
    def command_log(self) -> Path:
        """What commands of the API wrote; copies inherit it."""
        return self.directory / "commands.log"

    @property
    def channels(self) -> Path:
        """One empty file per running SSH command, named after its process: pid and start time in clock ticks."""
        return self.directory / "channels"

    @property
    def supervisor(self) -> Path:
        """The pid and start time of the sandbox's first process, where it has one."""
        return self.directory / "init"

    @property
    def links(self) -> Path:
        """The links of the host that were laid behind the walls, each with what it said then."""
        return self.directory / "links.json"

    @property
    def record(self) -> Path:
        """The state that outlives a restart."""
        return self.directory / "machine.json"

    def prepare(self) -> None:
        """Create what is missing of the directories."""
        for directory in (self.directory, self.home, self.temporary, self.channels, self.client_key.parent):
            private_directory(directory)
        (self.home / "workspace").mkdir(mode=0o755, exist_ok=True)
        private_directory(self.key_link.parent)
        if not self.key_link.is_symlink():
            self.key_link.symlink_to(Path("..", "vms", self.vm_id, "keys", "client"))


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """What must be known of a sandbox after a crash of the server."""

    paused: bool = False
    freezing: bool = False
    """A freeze was begun, by a pause or a copy: processes may stand still although the VM counts as running."""
    freezer: str = ""
    """The kind of freezer the sandbox was made with: `cgroup2`, `cgroup1` or `signals`."""
    group: str = ""
    """The control group, empty without one."""
    sockets: str = ""
    """The directory of the tmux socket."""
    walled: bool = False
    """It was made to live behind walls; one made by an earlier version was not, and goes on as it began."""
    memory_mib: int = 0
    processes: int = 0
    """What it may have at most; one made by an earlier version has no limits."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """The control group by which each controller keeps them."""
    stopped: tuple[tuple[int, int], ...] = ()
    """Processes (pid, start time in clock ticks) that stood still before we stopped the others."""

    def save(self, path: Path) -> None:
        """Write the record atomically."""
        write_private(path, json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> MachineRecord:
        """Read a record.

        Raises:
            HostingError: the file is missing or broken.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            stopped = tuple((int(pid), int(start)) for pid, start in fields.pop("stopped", ()))
            return cls(**fields, stopped=stopped)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise HostingError(f"the sandbox record {path} cannot be read: {error}", hint="destroy this VM") from error


def search_path(inherited: str) -> str:
    """Return the PATH of a sandbox: the operator's absolute directories that exist, then the system's."""
    wanted = [*inherited.split(os.pathsep), *SYSTEM_DIRECTORIES]
    present = dict.fromkeys(entry for entry in wanted if entry.startswith("/") and _may_enter(entry))
    return os.pathsep.join(present)


def _may_enter(directory: str) -> bool:
    # `Path.is_dir` raises where the way to it may not be searched.
    return os.path.isdir(directory) and os.access(directory, os.X_OK)  # noqa: PTH112


def login_shell() -> str:
    """Return the shell that runs a sandbox's commands."""
    return shutil.which("bash", path=os.pathsep.join(SYSTEM_DIRECTORIES)) or "/bin/sh"


def _user_name() -> str:
    """Return the user's name; a user without an account is called by the number, as `id` does."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def stored_variables(layout: SandboxLayout) -> dict[str, str]:
    """Return what `variables` holds: unquoted lines, as the platform writes them; none if there is no such file."""
    try:
        return parsed_variables(layout.variables.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def parsed_variables(text: str) -> dict[str, str]:
    """Return the variables that unquoted lines of `NAME=value` set."""
    # A value may hold what Python takes for the end of a line, such as U+2028: only LF is one.
    pairs = (line.partition("=") for line in text.split("\n") if not line.startswith("#"))
    return {name: value for name, mark, value in pairs if name and mark}


WALLED_HOME = "/root"
"""The home of a VM's user behind walls, as on the platform."""


def sandbox_environment(
    layout: SandboxLayout,
    sockets: Path,
    inherited: Mapping[str, str],
    *,
    walled: bool = False,
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the environment of a sandbox: complete, and without anything that is the operator's secret.

    Args:
        layout: the places of the VM.
        sockets: the directory of its tmux socket.
        inherited: the server's environment, from which only the search path and the language are taken.
        walled: it has a home, a directory for temporary files and a user of its own.
        variables: those of its own /etc/environment; None where they are kept outside.
    """
    user = "root" if walled else _user_name()
    language = inherited.get("LANG", "")
    # What holds the sandbox together comes last: no variable of an account leads out of it.
    return {
        **(stored_variables(layout) if variables is None else variables),
        "PATH": search_path(inherited.get("PATH", "")),
        "HOME": WALLED_HOME if walled else str(layout.home),
        "TMPDIR": "/tmp" if walled else str(layout.temporary),
        "TMUX_TMPDIR": "/tmp" if walled else str(sockets),
        "TERM": "xterm-256color",
        "LANG": language if "utf" in language.lower() else "C.UTF-8",
        "USER": user,
        "LOGNAME": user,
        "SHELL": login_shell(),
        MARKER_VARIABLE: layout.vm_id,
    }
