"""Where VMs come from and how agents are started on them: the one description both fleets give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.model.ages import DAY
from cockpit.model.family import UNBOUNDED, FamilyBounds
from cockpit.model.notices.rules import NoticeRules
from cockpit.model.own.declared import NOTHING_OWN, Own
from cockpit.model.own.described import kind_meant
from cockpit.model.usage.rules import UsageRules
from cockpit.services.board import BoardClient
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import RegistryClient

if TYPE_CHECKING:
    from cockpit.agents.adapter import Program
    from cockpit.agents.scaffold.layout import AgentPaths
    from cockpit.engine.hosts.platform import HostPlatform
    from cockpit.model.fleet import Agent
    from cockpit.model.ids import VmId
    from cockpit.model.inbox.caution import CautionRule
    from cockpit.model.recipe import Recipe
    from cockpit.remote.ssh.endpoint import SshEndpoint
    from cockpit.services.usage import UsageClient
    from cockpit.vers.client import VersClient


@dataclass(frozen=True, slots=True)
class Services:
    """The clients of one server."""

    http: ServiceHttp
    board: BoardClient
    feed: FeedClient
    registry: RegistryClient

    @property
    def usage(self) -> UsageClient:
        """Tokens, cost and the time of VMs, as that server recorded them."""
        from cockpit.services.usage import UsageClient

        return UsageClient(self.http)

    @staticmethod
    def at(base_url: str, token: str) -> Services:
        """Return the services of one server.

        Raises:
            ConfigError: the base URL is no web address.
        """
        http = ServiceHttp(base_url, token)
        return Services(http, BoardClient(http), FeedClient(http), RegistryClient(http))


def services_environment(url: str, token: str) -> dict[str, str]:
    """Return the variables by which agents find the services."""
    return {"VERS_INFRA_URL": url, "VERS_VM_REGISTRY_URL": url, "VERS_AUTH_TOKEN": token}


class TakenUp:
    """The services that came to a source while it was in use."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self.url = ""
        self.token = ""
        self.arrived = asyncio.Event()

    def take(self, url: str, token: str) -> None:
        """Use services from now on.

        Raises:
            ConfigError: the URL is no web address.
        """
        self.services = Services.at(url, token)
        self.url, self.token = url, token
        self.arrived.set()


@dataclass(frozen=True, slots=True)
class ServicesPlace:
    """What is needed to make the VM that hosts the services."""

    url: Callable[[VmId], str]
    """Where the services on a VM are reached from here and from all other VMs."""
    archive: Callable[[], bytes]
    """Returns them as `tar` packed by `gzip`; raises ConfigError if they are not there as files."""
    token: Callable[[], tuple[str, bool]]
    """Returns a token for them, and whether it must be this one and no other that is there already."""
    keep: Callable[[str, str], str]
    """Writes address and token into the configuration and returns where; raises ConfigError if it cannot."""
    known: Callable[[], tuple[str, str]] = lambda: ("", "")
    """Returns address and token as the configuration has them now, empty where it has none; raises ConfigError."""
    published: str = "https://github.com/hdresearch/vers-agent-services"
    """Where git gets the published server."""
    kept_at: str = ""
    """Where config.toml says that they are; empty where it says nothing, or is not what counts."""
    listen: str = "::"
    """The address they listen on: the platform's edge comes over IPv6."""
    port: int = 3000


@dataclass(frozen=True, slots=True)
class Kinds:
    """What can be started as an agent."""

    programs: tuple[Program, ...]
    default_program: str
    """The one that a new agent is unasked."""
    why_default: str = ""
    """Which program that is and why, in words."""
    notices: tuple[str, ...] = ()
    """What the operator must know of it."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The values of this machine's variables that are their keys."""


@dataclass(frozen=True, slots=True)
class Source:
    """A fleet: its API, its services, its way in."""

    name: str
    """`embedded` or `vers`."""
    vers: VersClient
    services: Services | None
    """Those it was made with; those in use are `present`."""
    address: Callable[[VmId], str]
    """The host name the registry keeps for a VM."""
    endpoint: Callable[[VmId], SshEndpoint]
    """How to reach a VM over SSH."""
    paths: AgentPaths
    kinds: Callable[[], Kinds]
    """Returns the kinds of agents, the same each time; they are loaded when somebody asks."""
    environment: dict[str, str] = field(default_factory=dict)
    """What every agent gets; holds secrets."""
    golden_image: str = ""
    image_max_age: float = 30 * DAY
    """Seconds a golden image may be old before it is called stale."""
    allow_detached: bool = False
    """Whether agents may run without tmux."""
    poll_interval: float = 5.0
    """Seconds between two looks at the VM list."""
    notices: tuple[str, ...] = ()
    place_on: Callable[[VmId], str] | None = None
    """Tells of a VM that is there where an agent lives that is started on it, if that is not the same on all VMs."""
    place_chosen: bool = False
    """The operator said where agents live: `paths` count, whatever a VM is like."""
    known_directories: tuple[str, ...] = ()
    """Where agents of other tools live on its VMs; looked at when one is adopted, after the source's own place."""
    recipe: Callable[[], Recipe] | None = None
    """Returns the recipe of golden images, as it is now; raises ConfigError if it cannot be used."""
    plain_host: HostPlatform | None = None
    """Set where it is a plain SSH host: places of agents stand where VMs stand elsewhere, over one connection."""
    beside: Source | None = None
    """The fleet that a plain host stands beside: its agents use that fleet's board, feed and registry."""
    shares_host: bool = False
    """Its VMs are sandboxes that share this machine's programs and files: what changes those must not run there."""
    state_files: tuple[Path, ...] = ()
    """Files on this machine in which other tools keep their lieutenants."""
    registry_is_own: bool = True
    """Whether the registry speaks of this source's VMs alone; otherwise a VM it has may be one of another fleet."""
    key_source: str = ""
    """Where its API key was found: a variable or a file; empty for a fleet that made its own."""
    vm_key: Callable[[VmId], str] | None = None
    """The key by which the agent of a VM is known as that; None where the platform has one key for all."""
    bounds: FamilyBounds = UNBOUNDED
    """What an agent and all below it may have."""
    out_bound: int = 0
    """Bytes an agent's output file may have before it begins anew; 0 sets no bound."""

    routed_ports: tuple[int, ...] = ()
    """The ports of a VM that everybody reaches at its `address`, with TLS and over IPv6; none where it has none."""
    coordinator: str = ""
    """The name under which the feed is told what is done here; empty tells it nothing."""
    caution: Callable[[], tuple[CautionRule, ...]] = tuple
    """Returns what is let through only by the same key twice; raises ConfigError if that cannot be read."""
    rules: UsageRules = field(default_factory=UsageRules)
    """What the configuration says of prices, budgets and idle agents."""
    notice_rules: NoticeRules = field(default_factory=NoticeRules)
    """How the operator wants to be called; those of the first source count."""
    own: Own = NOTHING_OWN
    """Columns and commands of the operator's own; those of the first source count."""
    undo_seconds: float = 86_400.0
    """How long the commit of a destroyed VM is kept; 0 takes none."""
    infra: ServicesPlace | None = None
    """How the VM of the services is made; None for a fleet that brings its own."""
    services_host: str = ""
    """The host name that board, feed and registry are asked at; empty where it was made with none."""
    taken_up: TakenUp = field(default_factory=TakenUp)
    """Services that came while it was in use; copies of this source share them."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """What can be started as an agent."""
        return self.kinds().programs

    @property
    def default_program(self) -> str:
        """What a new agent is unasked."""
        return self.kinds().default_program

    @property
    def why_default(self) -> str:
        """Which program that is and why, in words."""
        return self.kinds().why_default

    @property
    def present(self) -> Services | None:
        """Board, feed and registry as they are used now."""
        return self.taken_up.services or self.services

    def take_up(self, url: str, token: str) -> None:
        """Use services from now on: they are watched, and agents that start find them.

        Raises:
            ConfigError: the URL is no web address.
        """
        self.taken_up.take(url, token)
        self.environment.update(services_environment(url, token))

    def place_words(self, vm_id: VmId) -> str:
        """Return how messages name what an agent lives on: a VM by its id, a plain host by its name."""
        return f"host {self.name}" if self.plain_host is not None else f"VM {vm_id}"

    def environment_on(self, vm_id: VmId) -> dict[str, str]:
        """Return what an agent on a VM is given to reach platform and services: by that VM's own key, if there is one.

        With the operator's it could stop whoever it likes, and sign as the operator.
        """
        own = self.environment.get("VERS_API_KEY")
        if self.vm_key is None or not own:
            return dict(self.environment)
        key = self.vm_key(vm_id)
        return {name: key if value == own else value for name, value in self.environment.items()}

    async def reach_services(self, vm_id: VmId) -> tuple[dict[str, str], str]:
        """Return what an agent is given to reach the services of the fleet its host stands beside, and words on it."""
        if self.plain_host is None:
            return {}, ""
        access, words = await self.plain_host.reach_services(vm_id)
        return services_environment(*access) if access is not None else {}, words

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values this cockpit has loaded that no image may hold, and no log."""
        own = (value for name, value in self.environment.items() if name.endswith(("KEY", "TOKEN")))
        return tuple(dict.fromkeys((*own, *self.kinds().secrets)))

    @property
    def hidden(self) -> tuple[str, ...]:
        """The values that no image may hold: those loaded at the start, and the token of services that came."""
        return (*self.secrets, *([self.taken_up.token] if self.taken_up.token else []))

    def hidden_on(self, vm_id: VmId) -> tuple[str, ...]:
        """The values that no image of a VM may hold: its own key, beside those that none may."""
        return (*self.hidden, *([self.vm_key(vm_id)] if self.vm_key is not None else []))

    @property
    def host_of_services(self) -> str:
        """The host name that board, feed and registry are asked at now; empty where there are none."""
        return (urlsplit(self.taken_up.url).hostname or "") if self.taken_up.url else self.services_host

    def hosts_services(self, vm_id: VmId) -> bool:
        """Say whether the address of the services is that of a VM."""
        return bool(self.host_of_services) and self.host_of_services.lower() == self.address(vm_id).lower()

    @property
    def board(self) -> BoardClient | None:
        """The board, where there is one."""
        return self.present.board if self.present else None

    @property
    def feed(self) -> FeedClient | None:
        """The feed, where there is one."""
        return self.present.feed if self.present else None

    @property
    def of_agents(self) -> Services | None:
        """The services that its agents use: its own, or those of the fleet that a plain host stands beside."""
        return self.present or (self.beside.present if self.beside is not None else None)

    @property
    def told_to(self) -> FeedClient | None:
        """The feed that its agents are told on, where there is one."""
        return self.of_agents.feed if self.of_agents else None

    @property
    def entered_in(self) -> RegistryClient | None:
        """The registry that its agents are entered in, where there is one."""
        return self.of_agents.registry if self.of_agents else None

    @property
    def registry(self) -> RegistryClient | None:
        """The registry, where there is one."""
        return self.present.registry if self.present else None

    def directory_on(self, vm_id: VmId) -> str:
        """Return where the agent of a VM lives, as far as nobody says otherwise."""
        return self.plain_host.directory_of(vm_id) if self.plain_host is not None else self.usual_directory(vm_id)

    @property
    def places_differ(self) -> bool:
        """Whether a VM must be there before it can be said where an agent is started on it."""
        return self.place_on is not None and not self.place_chosen

    def usual_directory(self, vm_id: VmId) -> str:
        """Return where an agent lives that is started on a VM."""
        return self.paths.directory if self.place_on is None or self.place_chosen else self.place_on(vm_id)

    def paths_on(self, vm_id: VmId) -> AgentPaths:
        """Return where an agent lives and works that is started on a VM."""
        return replace(self.paths, directory=self.usual_directory(vm_id))

    def known_on(self, vm_id: VmId) -> tuple[str, ...]:
        """Return where agents of others may live on a VM, beside the usual place."""
        return (*self.known_directories, *(() if self.place_on is None else (self.place_on(vm_id),)))

    async def close(self) -> None:
        """Close the connections to API and services."""
        await self.vers.close()
        for services in (self.services, self.taken_up.services):
            if services is not None:
                await services.http.close()

    def paths_of(self, agent: Agent) -> AgentPaths:
        """Return where an agent of this source lives on its VM."""
        return replace(self.paths, directory=agent.directory) if agent.directory else self.paths_on(agent.vm_id)

    def program(self, name: str) -> Program | None:
        """Return the program with this name; empty text means the default."""
        wanted = kind_meant(name or self.default_program, tuple(program.name for program in self.programs))
        return next((program for program in self.programs if program.name == wanted), None)
