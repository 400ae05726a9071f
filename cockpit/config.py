"""Settings: config.toml in the XDG config directory plus the environment, frozen once read."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from cockpit import paths
from cockpit.errors import ConfigError
from cockpit.model.own.declared import (
    LEAST_EVERY,
    MOST_COLUMNS,
    Own,
    OwnColumn,
    OwnCommand,
    fault_of_column,
    fault_of_command,
)
from cockpit.model.own.described import DescribedAgent, fault_of_agent
from cockpit.model.own.known_keys import keys_beside
from cockpit.model.own.toml_lines import line_of
from cockpit.net.address import web_address

_PATTERN = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,128}\Z")

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
"""What pydantic calls a key that a model, or a dataclass, does not have."""


class Section(BaseModel):
    """A table of config.toml: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class VersSettings(Section):
    """Where the real platform is. The key itself never stands in config.toml."""

    vm_domain: str = ""
    """Suffix of a VM's host name; empty derives it from the API host as the platform's own client does."""
    ssh_port: int = 443
    ssh_tls: bool = True
    """SSH travels inside TLS, as the platform wants it; false speaks plain SSH to the VM's own address and port."""
    ca_file: str = ""
    """PEM file of the only authorities to trust for that TLS, relative to the directory of config.toml; empty takes the
    system's store."""
    infra_url: str = ""
    """Where board, feed and registry are, unless `VERS_INFRA_URL` says so; their token never stands here."""
    golden_image: str = ""
    """The commit new agents are restored from when none is named."""
    image_max_age_days: float = Field(default=30.0, gt=0)
    """Days after which a golden image counts as stale."""


class AgentSettings(Section):
    """How agents are started."""

    program: str = ""
    """The kind of new agents; empty takes the first that can run here."""
    model: str = ""
    """Passed to pi as `--model`; empty leaves pi's own default."""
    directory: str = ""
    """The directory of FIFO and output on the VM; empty takes the platform's usual one."""
    workspace: str = ""
    undo_hours: float = Field(default=24.0, ge=0)
    """How long the commit of a destroyed agent is kept; 0 takes none."""
    max_vms: int = Field(default=20, ge=0)
    """VMs that an agent and all below it may have at once; 0 sets no bound."""
    max_depth: int = Field(default=50, ge=0)
    """Generations that may be below an agent nobody made; 0 sets no bound."""
    max_out_bytes: int = Field(default=100_000_000, ge=0)
    """Bytes an agent's output file may have; a larger one begins anew while its agent is idle. 0 sets no bound."""
    pass_environment: tuple[str, ...] | None = None
    """Names and patterns (`OPENAI_*`) of the variables an agent gets from here; none set passes what the chosen
    provider needs, an empty list passes nothing."""

    @field_validator("pass_environment")
    @classmethod
    def _are_names(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and not all(_PATTERN.match(name) for name in names):
            raise ValueError("takes names of variables, or patterns of them with * ? [ ], never a value")
        return names


class LinkSettings(Section):
    """How VMs are reached; seconds."""

    keepalive_interval: float = Field(default=15.0, gt=0)
    keepalive_count: int = Field(default=3, ge=1)
    connect_timeout: float = Field(default=20.0, gt=0)
    compression: bool = True


class ScreenSettings(Section):
    """How it looks."""

    theme: str = "cockpit-dark"
    low_bandwidth: bool = False
    low_motion: bool = False
    """Nothing moves by itself, unless the operator chose otherwise since."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Action id to key, for those who want other keys."""


class EmbeddedSettings(Section):
    """The fleet on this machine."""

    beside: bool = False
    """Serve it, too, where the fleet is one of the platform; without a key it is the fleet in any case."""
    walls: Literal["", "auto", "off"] = ""
    """Whether its VMs have a home, temporary files and process numbers of their own: `auto`, the default, where the
    kernel allows it, `off` never. `COCKPIT_WALLS` comes before it; a server that runs goes on as it was started."""


class StoreSettings(Section):
    """How much history stays on this machine."""

    max_bytes: int = Field(default=2_000_000_000, gt=0)
    max_age_days: float = Field(default=90.0, gt=0)


class CoordinationSettings(Section):
    """How the cockpit takes part in what the swarm shares."""

    publish: bool = True
    """Tell the feed what is done here: who was made, paused, given up."""
    project: str = ""
    """Names the coordinator as whom it tells that: `coordinator-PROJECT`; empty takes the name of the directory."""


class PriceSettings(Section):
    """What the platform takes, in US dollars; what is not set is shown as hours only."""

    vm_hour: float | None = Field(default=None, ge=0)
    """An hour of any VM that runs."""
    vcpu_hour: float | None = Field(default=None, ge=0)
    memory_gib_hour: float | None = Field(default=None, ge=0)
    disk_gib_hour: float | None = Field(default=None, ge=0)
    """Of every VM that exists, also of a paused one."""
    commit_gib_hour: float | None = Field(default=None, ge=0)


class BudgetSettings(Section):
    """What may be spent before VMs are frozen and the operator is asked: US dollars, or tokens; none is no bound."""

    day: float | None = Field(default=None, ge=0)
    """Of the whole fleet, each day."""
    day_tokens: int | None = Field(default=None, ge=0)
    family: float | None = Field(default=None, ge=0)
    """Of each lieutenant, or architect, with all below it."""
    family_tokens: int | None = Field(default=None, ge=0)
    agent: float | None = Field(default=None, ge=0)
    """Of each agent."""
    agent_tokens: int | None = Field(default=None, ge=0)
    warn_from: float = Field(default=0.8, gt=0, le=1)
    """The part from which on it is said how far a budget is."""


class UsageSettings(Section):
    """What the cockpit does by itself about what agents take; nothing unless it is set."""

    idle_pause_minutes: float = Field(default=0.0, ge=0)
    """Minutes after which the VM of an idle agent is paused; 0 never pauses one."""
    resume_limits: bool = False
    """Agents whose provider refused them until a time are told once to go on when it has come."""
    resume_most: int = Field(default=10, ge=1)
    """How many of them at once."""


class NotifySettings(Section):
    """How the operator is called who looks elsewhere."""

    bell: bool = True
    desktop: Literal["auto", "9", "777", "99", "off"] = "auto"
    """The escape sequence that has the terminal show a notice; `auto` takes the one it is known to read, if any."""
    title: bool = True
    """The terminal's title says how many ask and failed."""
    hook: str = ""
    """A command, run by `sh -c`; what is told stands in its environment (`COCKPIT_AGENT`, `COCKPIT_TEXT` ...)."""
    hook_seconds: float = Field(default=10.0, gt=0, le=300)
    digest_seconds: float = Field(default=60.0, ge=0)
    """Seconds for which what is not urgent is gathered."""


class ColumnSettings(Section):
    """A column of one's own in the list of agents: a field of theirs, or what a command prints."""

    name: str
    field: str = ""
    command: str = ""
    """Run here by `sh -c`; the agent's values are in its environment, `COCKPIT_NAME` and so on."""
    width: int = Field(default=12, ge=3, le=60)
    every: float = Field(default=30.0, ge=LEAST_EVERY)
    """Seconds for which what the command printed holds."""
    seconds: float = Field(default=5.0, gt=0, le=60)
    """Seconds the command may take."""


class CommandSettings(Section):
    """A command of one's own about the selected agent; what it prints is shown."""

    name: str
    command: str
    key: str = ""
    description: str = ""
    seconds: float = Field(default=30.0, gt=0, le=600)


class HostSettings(Section):
    """A plain SSH host; what is not said here is as OpenSSH's own configuration has it for the address."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")
    address: str = ""
    """Host name, address or alias; empty is the name."""
    user: str = ""
    port: int = Field(default=0, ge=0, le=65_535)
    identity_file: str = ""
    agent: bool = True
    jump: str = ""
    known_hosts: str = ""
    config_file: str = "~/.ssh/config"
    directory: str = Field(default="~/agents", pattern=r"^(~/|/)[^\n\t]+$")
    """Where agents that are spawned there get homes of their own, each named after its agent."""
    look_in: tuple[str, ...] = ("/tmp/pi-rpc", "~/pi-rpc")
    """Directories, or patterns of them, in which others keep agents' FIFO and output."""


class Settings(Section):
    """Everything that can be set."""

    vers: VersSettings = VersSettings()
    agent: AgentSettings = AgentSettings()
    link: LinkSettings = LinkSettings()
    screen: ScreenSettings = ScreenSettings()
    embedded: EmbeddedSettings = EmbeddedSettings()
    store: StoreSettings = StoreSettings()
    coordination: CoordinationSettings = CoordinationSettings()
    prices: PriceSettings = PriceSettings()
    budgets: BudgetSettings = BudgetSettings()
    usage: UsageSettings = UsageSettings()
    columns: tuple[ColumnSettings, ...] = Field(default=(), max_length=MOST_COLUMNS)
    commands: tuple[CommandSettings, ...] = ()
    notify: NotifySettings = NotifySettings()
    hosts: tuple[HostSettings, ...] = ()
    agents: dict[str, DescribedAgent] = Field(default_factory=dict)
    """Kinds of agent of the operator's own, by their names: programs that read and print lines."""
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """Where they were read; None for defaults. A recipe of golden images is looked for beside it."""
        return self._file

    @property
    def own(self) -> Own:
        """The columns and commands of the operator's own."""
        return Own(
            tuple(OwnColumn(**column.model_dump()) for column in self.columns),
            tuple(OwnCommand(**command.model_dump()) for command in self.commands),
        )


def load(file: Path | None = None) -> Settings:
    """Read config.toml; one that does not exist means the defaults, unless it was named.

    Raises:
        ConfigError: the file was named and does not exist, cannot be read, is no TOML, or holds a wrong key or value;
            it names the nearest valid one.
    """
    named, file = file is not None, file or paths.config_file()
    try:
        content = parsed(file)
    except FileNotFoundError as error:
        if named:
            raise ConfigError(f"{file} does not exist", hint="check --config") from error
        return Settings()
    try:
        settings = _settled(Settings.model_validate(content), file)
    except ValidationError as error:
        raise ConfigError(explain(file, error, Settings)) from error
    _check_own(settings, file)
    settings._file = file
    return settings


def _check_own(settings: Settings, file: Path) -> None:
    """Refuse a column or a command of one's own that means nothing.

    Raises:
        ConfigError: it says which, with its line.
    """
    own = settings.own
    faults = [("columns", at, *fault_of_column(one, own.columns[:at])) for at, one in enumerate(own.columns)]
    faults += [("commands", at, *fault_of_command(one, own.commands[:at])) for at, one in enumerate(own.commands)]
    for name, agent in settings.agents.items():
        key, fault = fault_of_agent(name, agent)
        if fault:
            raise ConfigError(f"{file}: agents.{name}{f'.{key}' if key else ''}: {fault}")
    for table, at, key, fault in faults:
        if fault:
            raise ConfigError(f"{file}{_line_words(file, (table, at, key))}: {table}.{at + 1}.{key}: {fault}")


def _line_words(file: Path, location: Sequence[int | str]) -> str:
    """Return the line of something in one of several tables, as a message says it; nothing where it has none."""
    match [*location]:
        case [str(table), int(number), *rest]:
            try:
                text = file.read_text(encoding="utf-8")
            except OSError:
                return ""
            line = line_of(text, table, number, str(rest[0]) if rest else "")
            return f", line {line}" if line is not None else ""
        case _:
            return ""


def parsed(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        FileNotFoundError: there is none; what that means is the caller's to say.
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}", hint="check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} cannot be read: it is not UTF-8", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error


def _settled(settings: Settings, file: Path) -> Settings:
    """Make the paths of this machine absolute: a relative one is relative to the directory of config.toml.

    Raises:
        ConfigError: the file of authorities cannot be read; found out now, and not with each connection anew.
    """
    if not settings.vers.ca_file:
        return settings
    what = f"{file}: vers.ca_file"
    authorities = paths.absolute(settings.vers.ca_file, what, base=paths.absolute(file, "--config").parent)
    try:
        authorities.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{what}: {authorities} cannot be read: {error.strerror or error}",
            hint="name a PEM file; a relative path begins at the directory of config.toml",
        ) from error
    return settings.model_copy(update={"vers": settings.vers.model_copy(update={"ca_file": str(authorities)})})


def explain(file: Path, error: ValidationError, model: type) -> str:
    """Turn the first complaint into a sentence with file, key and the nearest valid key.

    Args:
        file: what was read.
        error: what is wrong with it.
        model: the class, of pydantic or a dataclass, that the whole file is.
    """
    first = error.errors()[0]
    location = first["loc"]
    key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)
    place = f"{file}{_line_words(file, location)}"
    where = f"{place}: {key}" if key else f"{place}"
    if "pass_environment" in location:
        # What stands there may be a key that somebody took for its name.
        return f"{where}: takes a list of names of variables, or patterns of them with * ? [ ], never a value"
    if first["type"] not in UNKNOWN_KEY:
        # A table is not repeated: one of its values may be long, or a secret.
        given = "" if isinstance(first.get("input"), (dict, list)) else f", not {first.get('input')!r}"
        return f"{where}: {first['msg']}{given}"
    known = keys_beside(location, model)
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"{place}: unknown key {key!r}; {advice}"


def infrastructure_url(environment: Mapping[str, str] | None = None) -> str:
    """Return where board, feed and registry are, or empty text; both variable names of the field are read.

    Raises:
        ConfigError: the variable's value is no web address.
    """
    environment = os.environ if environment is None else environment
    for variable in ("VERS_INFRA_URL", "VERS_VM_REGISTRY_URL"):
        if environment.get(variable, "").strip():
            return web_address(environment[variable], variable, example="http://host:3000")
    return ""
