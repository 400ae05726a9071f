"""The plain SSH hosts of the configuration, each a source of its own beside the fleet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.bootstrap.kinds import kinds_of
from cockpit.engine.hosts.platform import HostPlatform
from cockpit.engine.hosts.services import SharedServices
from cockpit.engine.source import Source
from cockpit.errors import ConfigError
from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.line import HostLine
from cockpit.vers.client import VersClient

if TYPE_CHECKING:
    from cockpit.config import HostSettings, Settings
    from cockpit.model.ids import VmId
    from cockpit.remote.hosts.connection import HostConnection
    from cockpit.remote.ssh.trust import HostKeyStore

TAKEN = ("embedded", "vers")
"""Names of the fleets that are no hosts."""
LOCAL = ("localhost", "127.0.0.1", "::1")


def host_sources(settings: Settings, keys: HostKeyStore, fleet: Source) -> tuple[Source, ...]:
    """Return a source for each host of the configuration; nothing is connected.

    Args:
        settings: what config.toml says.
        keys: host keys that the operator trusted here, beside those of `known_hosts`.
        fleet: whose board, feed and registry agents on hosts use.
    """
    return tuple(_source(settings, host, keys, fleet) for host in settings.hosts)


def check_names(settings: Settings) -> None:
    """Return if each host can be told from the others and from the fleets.

    Raises:
        ConfigError: two have one name, or one has that of a fleet.
    """
    names = [host.name for host in settings.hosts]
    for name in names:
        if name in TAKEN or names.count(name) > 1:
            why = "is the name of a fleet" if name in TAKEN else "is there twice"
            raise ConfigError(f"{settings.file}: hosts: {name!r} {why}", hint="each host needs a name of its own")


def _source(settings: Settings, said: HostSettings, keys: HostKeyStore, fleet: Source) -> Source:
    address = said.address or said.name
    host = PlainHost(
        said.name,
        address,
        said.user,
        said.port,
        said.identity_file,
        said.agent,
        said.jump,
        said.known_hosts,
        said.config_file,
    )
    line = HostLine(partial(_connection, settings, host, keys))
    word = f"{fleet.name}\0{fleet.vers.account}\0{said.name}"
    services = SharedServices(said.name, word, partial(_url, fleet), partial(_token, fleet))
    platform = HostPlatform(said.name, line, said.directory, said.look_in, services)
    return Source(
        name=said.name,
        vers=VersClient(f"ssh://{said.name}", "", transport=platform, place=f"host {said.name}"),
        services=None,
        endpoint=lambda _: host.endpoint(),
        address=lambda _: address,
        paths=HOME_PATHS,
        kinds=kinds_of(settings, local=address in LOCAL),
        plain_host=platform,
        beside=fleet,
        shares_host=True,
        allow_detached=True,
        out_bound=settings.agent.max_out_bytes,
        undo_seconds=0.0,
    )


def _url(fleet: Source) -> str:
    """Return where the services of a fleet are, as this machine reaches them; empty where there are none."""
    return fleet.environment.get("VERS_INFRA_URL", "") if fleet.present is not None else ""


def _token(fleet: Source, vm_id: VmId) -> str:
    """Return the token by which the agent of a place uses them."""
    return fleet.environment_on(vm_id).get("VERS_AUTH_TOKEN", "")


def _connection(settings: Settings, host: PlainHost, keys: HostKeyStore) -> HostConnection:
    from cockpit.remote.hosts.connection import HostConnection

    link = settings.link
    return HostConnection(
        host,
        keys,
        keepalive_interval=link.keepalive_interval,
        keepalive_count=link.keepalive_count,
        connect_timeout=link.connect_timeout,
        compression=link.compression and host.address not in LOCAL,
    )
