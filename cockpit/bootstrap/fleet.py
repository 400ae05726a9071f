"""From settings and environment to a running engine; the one place that knows every part."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlsplit

from cockpit import config, logs, paths
from cockpit.agents.scaffold.layout import HOME_PATHS, VM_PATHS, AgentPaths
from cockpit.bootstrap.coordinator import coordinator
from cockpit.bootstrap.kept_services import find_services, keep_services, new_token, services_now
from cockpit.bootstrap.kinds import kinds_of
from cockpit.bootstrap.notices import notice_rules
from cockpit.bootstrap.usage import usage_rules
from cockpit.config import Settings
from cockpit.engine.engine import CONTACT_LIMIT, Engine
from cockpit.engine.infrastructure.arrival import NO_SERVICES
from cockpit.engine.recorded import RecordedHistory
from cockpit.engine.source import Kinds, Services, ServicesPlace, Source, services_environment
from cockpit.engine.streams.agent_sessions import LinkOptions
from cockpit.errors import ConfigError, UsageError
from cockpit.model.ages import DAY
from cockpit.model.family import FamilyBounds
from cockpit.remote.ssh.endpoint import SshEndpoint, Tls
from cockpit.store.errors import StoreError
from cockpit.store.store import Store
from cockpit.vers.client import VersClient
from cockpit.vers.credentials import (
    KEY_HELP,
    KEY_NOTICE,
    Credentials,
    base_url_from,
    find_credentials,
    vers_home,
    vm_domain,
)

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort, HistoryPort, StartOptions
    from cockpit.model.ids import VmId
    from cockpit.model.inbox.caution import CautionRule
    from cockpit.model.recipe import Recipe

ROUTED_PORTS = (80, 1337, 3000, 3210, 3306, 3724, 5173, 8000, 8080, 9000, 9999)
"""The ports of a VM that the platform's edge serves to everybody: those it listens on itself, 443 standing for 80."""

INFRA_PORT = 3000
"""The port of the services on their VM: agents of the field expect it, and the platform's edge passes it on."""
EMBEDDED_POLL = 2.0
"""Seconds between two looks at the VM list of a fleet on this machine."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where one cockpit keeps its things."""

    fleet: Path
    """Root of the embedded fleet."""
    history: Path
    """The store's file."""

    @staticmethod
    def standard() -> Places:
        """Return the places in the XDG directories."""
        return Places(paths.embedded_directory(), paths.state_directory() / "history.sqlite")

    @staticmethod
    def under(root: Path) -> Places:
        """Return the places of a fleet of its own, as the demonstration uses."""
        private = paths.own_directory(paths.absolute(root, "the root"), ("fleet", "history.sqlite"))
        return Places(paths.private_directory(private / "fleet"), private / "history.sqlite")


def vers_credentials() -> Credentials | None:
    """Return the key of the real platform, or None if none is configured anywhere."""
    return find_credentials(os.environ, Path.home())


def make_source(
    settings: Settings, places: Places, *, force_embedded: bool = False, own_services: bool = False
) -> Source:
    """Return the fleet to work on: the real platform where a key is configured, else the embedded one, started.

    Args:
        settings: what config.toml says.
        places: where the embedded fleet is.
        force_embedded: whatever key is configured.
        own_services: the embedded fleet's own board, feed and registry, whatever the environment names.

    Raises:
        CockpitError: the embedded fleet does not start, or a setting is wrong.
    """
    credentials = None if force_embedded else vers_credentials()
    made = _embedded(settings, places, own_services) if credentials is None else _vers(settings, credentials)
    if credentials is None and not force_embedded:
        made = replace(made, notices=(*made.notices, KEY_NOTICE))
    return _ruled(settings, made)


def make_beside(settings: Settings, places: Places, source: Source) -> tuple[Source, ...]:
    """Return the fleets beside another: that of this machine, where config.toml says so; raises as `make_source`."""
    if not settings.embedded.beside or not source.key_source:
        return ()
    return (_ruled(settings, _embedded(settings, places, own_services=True)),)


def _ruled(settings: Settings, made: Source) -> Source:
    """Return a fleet with what the configuration says of all."""
    bounds = FamilyBounds(settings.agent.max_vms, settings.agent.max_depth)
    return replace(
        made,
        bounds=bounds,
        rules=usage_rules(settings),
        notice_rules=notice_rules(settings),
        own=settings.own,
        recipe=lambda: _recipe(settings),
        caution=lambda: _caution(settings),
    )


def _embedded(settings: Settings, places: Places, own_services: bool) -> Source:
    from cockpit.embedded.endpoint import read_token
    from cockpit.embedded.lifecycle import ensure_started
    from cockpit.embedded.sandbox.walls.seen import place_on
    from cockpit.embedded.vm_keys import vm_key

    named = "" if own_services else config.infrastructure_url()
    running = ensure_started(places.fleet, walls=settings.embedded.walls)
    services = named or running.base_url
    token = read_token(places.fleet)
    notices = [] if running.tmux else ["tmux is not installed: agents run as detached processes"]
    service_token = os.environ.get("VERS_AUTH_TOKEN", "").strip() if named else token
    if named:
        notices.append(f"board, feed and registry are those at {named}, as VERS_INFRA_URL says")

    def endpoint(vm_id: VmId) -> SshEndpoint:
        name = f"{vm_id}.{running.vm_domain}"
        return SshEndpoint(running.ssh_host, running.ssh_port, "root", vm_id, Tls(name, running.ca_file))

    return Source(
        name=f"embedded, services at {urlsplit(named).netloc}" if named else "embedded",
        vers=VersClient(f"{running.base_url}/api/v1", token, place=f"the fleet in {places.fleet}"),
        services=Services.at(services, service_token),
        endpoint=endpoint,
        address=lambda vm_id: f"{vm_id}.{running.vm_domain}",
        paths=_paths(settings, HOME_PATHS),
        kinds=kinds_of(settings, local=True, told=True),
        environment={
            **services_environment(services, service_token),
            "VERS_API_KEY": token,
            "VERS_BASE_URL": f"{running.base_url}/api/v1",
        },
        vm_key=partial(vm_key, token) if running.vm_keys else None,
        golden_image=settings.vers.golden_image,
        image_max_age=settings.vers.image_max_age_days * DAY,
        shares_host=True,
        allow_detached=True,
        poll_interval=EMBEDDED_POLL,
        notices=tuple(notices),
        place_on=partial(place_on, places.fleet),
        place_chosen=bool(settings.agent.directory),
        # A sandbox may share /tmp with this machine: only what is in its home is surely its own.
        known_directories=(HOME_PATHS.directory,),
        state_files=_state_files(),
        registry_is_own=not named,
        out_bound=settings.agent.max_out_bytes,
        services_host=urlsplit(services).hostname or "",
        undo_seconds=settings.agent.undo_hours * 3600.0,
        coordinator=coordinator(settings),
    )


def _vers(settings: Settings, credentials: Credentials) -> Source:
    base_url = base_url_from(os.environ)
    domain = settings.vers.vm_domain or vm_domain(base_url)
    known = find_services(settings, os.environ)
    services, token = known.url, known.token
    notices = [f"the Vers key from {credentials.source} looks wrong: {credentials.doubt}"] if credentials.doubt else []
    if not services:
        notices.append(NO_SERVICES)

    def endpoint(vm_id: VmId) -> SshEndpoint:
        name = f"{vm_id}.{domain}"
        tls = Tls(name, settings.vers.ca_file or None) if settings.vers.ssh_tls else None
        return SshEndpoint(name, settings.vers.ssh_port, "root", vm_id, tls)

    environment = {"VERS_API_KEY": credentials.api_key, "VERS_BASE_URL": base_url}
    if services:
        environment |= services_environment(services, token)
    return Source(
        name="vers",
        key_source=credentials.source,
        vers=VersClient(base_url, credentials.api_key),
        services=Services.at(services, token) if services else None,
        endpoint=endpoint,
        address=lambda vm_id: f"{vm_id}.{domain}",
        paths=_paths(settings, VM_PATHS),
        kinds=kinds_of(settings, local=False),
        environment=environment,
        golden_image=settings.vers.golden_image,
        image_max_age=settings.vers.image_max_age_days * DAY,
        notices=tuple(notices),
        known_directories=(VM_PATHS.directory, HOME_PATHS.directory),
        state_files=_state_files(),
        out_bound=settings.agent.max_out_bytes,
        infra=ServicesPlace(
            lambda vm_id: f"https://{vm_id}.{domain}:{INFRA_PORT}",
            _service_archive,
            lambda: new_token(os.environ),
            lambda url, token: keep_services(settings, url, token),
            known=lambda: services_now(settings),
            kept_at="" if config.infrastructure_url() else services,
            port=INFRA_PORT,
        ),
        services_host=(urlsplit(services).hostname or "") if services else "",
        routed_ports=ROUTED_PORTS,
        undo_seconds=settings.agent.undo_hours * 3600.0,
        coordinator=coordinator(settings),
    )


def _service_archive() -> bytes:
    from cockpit.bootstrap.archive import service_archive

    return service_archive()


def _recipe(settings: Settings) -> Recipe:
    """Return the recipe of golden images as it is now."""
    from cockpit.bootstrap.recipe import load_recipe, recipe_file

    return load_recipe(recipe_file(config=settings.file))


def _caution(settings: Settings) -> tuple[CautionRule, ...]:
    """Return the rules over commands that ask twice."""
    from cockpit.bootstrap.caution import caution_file, load_caution

    return load_caution(caution_file(settings.file))


def _state_files() -> tuple[Path, ...]:
    """Return where the extensions of pi keep their lieutenants (hdresearch/pi-v and hdresearch/pi-vers)."""
    home = Path.home()
    return (home / ".pi" / "lieutenants.json", vers_home(os.environ, home) / "lieutenants.json")


def _paths(settings: Settings, usual: AgentPaths) -> AgentPaths:
    try:
        return AgentPaths(settings.agent.directory or usual.directory, settings.agent.workspace or usual.workspace)
    except UsageError as error:
        raise ConfigError(
            f"[agent] directory or workspace is no path on a VM: {error.message}", hint=error.hint
        ) from error


@contextlib.asynccontextmanager
async def running_engine(
    settings: Settings,
    places: Places,
    source: Source,
    *,
    beside: tuple[Source, ...] = (),
    hosts: bool = False,
    **options: Unpack[StartOptions],
) -> AsyncIterator[Engine]:
    """Run an engine for the time of the block; leaving it detaches and touches no agent.

    Args:
        beside: the fleets that are served, too.
        hosts: serve the plain SSH hosts of the configuration, too.
    """
    fleets = (source, *beside)
    log_file = paths.log_directory() / "cockpit.log"
    no_log = logs.write_log(log_file, secrets=lambda: [word for fleet in fleets for word in fleet.secrets])
    try:
        store = await Store.open(places.history)
    except BaseException:
        for one in fleets:
            await one.close()
        raise
    others = (*beside, *(_hosts(settings, store, source) if hosts and settings.hosts else ()))
    link = settings.link
    kept = LinkOptions(link.keepalive_interval, link.keepalive_count, link.connect_timeout, link.compression)
    bounds = (settings.store.max_bytes, settings.store.max_age_days * 86_400.0)
    engine = Engine((source, *others), store, link_options=kept, history_bounds=bounds)
    if no_log:
        engine.notice(no_log)
    try:
        await engine.start(**options)
        yield engine
    finally:
        await engine.stop()
        await store.close()
        for one in (source, *others):
            await one.close()


def _hosts(settings: Settings, store: Store, fleet: Source) -> tuple[Source, ...]:
    """Return the hosts of the configuration; what they stand on takes long to load, and is needed by them alone."""
    from cockpit.bootstrap.hosts import host_sources

    return host_sources(settings, store, fleet)


@dataclass(frozen=True, slots=True)
class Setup:
    """What one cockpit runs on: the operator's settings, the places of its files, and its fleet."""

    settings: Settings
    places: Places
    source: Source
    hosts: bool = False
    """Whether the plain SSH hosts of the settings are served, too."""
    beside: tuple[Source, ...] = ()

    @staticmethod
    def of(settings: Settings, places: Places, *, force_embedded: bool = False) -> Setup:
        """Return what the settings and the environment name; an embedded fleet is started.

        Raises:
            CockpitError: as `make_source`.
        """
        if settings.hosts:
            from cockpit.bootstrap.hosts import check_names

            check_names(settings)
        source = make_source(settings, places, force_embedded=force_embedded)
        return Setup(settings, places, source, hosts=True, beside=make_beside(settings, places, source))

    @staticmethod
    def scripted(settings: Settings, places: Places, script_file: str, script: bytes, speed: float) -> Setup:
        """Return an embedded fleet with nothing but scripted agents that follow a script.

        Args:
            settings: how it is shown; the fleet itself is as if there were none.
            places: where the fleet is.
            script_file: the script's place in each agent's home.
            script: what they do with which prompt.
            speed: how fast they do it; 1 is as written.
        """
        source = make_source(Settings(), places, force_embedded=True, own_services=True)
        scripted = next(program for program in source.programs if program.name == "scripted")
        told = replace(
            scripted,
            arguments=lambda spawn, instructions, again: [
                *scripted.arguments(spawn, instructions, again),
                "--script",
                f"~/{script_file}",
                "--speed",
                f"{speed:g}",
            ],
            files=((script_file, script),),
        )
        kinds = Kinds((told,), scripted.name, secrets=source.kinds().secrets)
        alone = replace(source, kinds=lambda: kinds, notices=())
        return Setup(settings, places, alone)

    @property
    def key_source(self) -> str:
        """Where the platform's key was found; empty where there is none, and the fleet made its own."""
        return self.source.key_source

    @property
    def key_help(self) -> str:
        """How a key of the platform is got and where it goes; empty where there is one."""
        return "" if self.key_source else KEY_HELP

    @property
    def has_board(self) -> bool:
        """Whether the fleet has a board."""
        return self.source.board is not None

    def engine(self, **options: Unpack[StartOptions]) -> contextlib.AbstractAsyncContextManager[HeadlessPort]:
        """Run an engine over the fleet for the time of the block, once."""
        options["contact"] = min(CONTACT_LIMIT, options.get("contact", CONTACT_LIMIT))
        settings, places, source = self.settings, self.places, self.source
        return running_engine(settings, places, source, beside=self.beside, hosts=self.hosts, **options)


@contextlib.asynccontextmanager
async def open_history(places: Places) -> AsyncIterator[HistoryPort]:
    """Open what is recorded, without a fleet, for the time of the block.

    Raises:
        StoreError: it cannot be read; an empty one in its place would say that nothing is recorded.
    """
    store = await Store.open(places.history)
    try:
        if store.refused:
            raise StoreError(f"nothing that is recorded can be read: {store.refused}", hint="make the file usable")
        yield RecordedHistory(store)
    finally:
        await store.close()
