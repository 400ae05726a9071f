"""The two files by which foreign programs use an embedded fleet: variables for a shell, and OpenSSH's configuration.

Both stand in the fleet's directory, readable by this user alone: the first holds the fleet's token, which nothing
prints and no command line carries.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from cockpit.embedded.access.inside import GATEWAY_VARIABLE, NODE, PROGRAMS, service_variables
from cockpit.embedded.endpoint import ServerEndpoint, read_token
from cockpit.embedded.gateway.certificates import PLATFORM_DOMAIN
from cockpit.errors import ConfigError
from cockpit.paths import write_private

ANY_ID = "-".join("?" * length for length in (8, 4, 4, 4, 12))
"""A VM's id alone, as OpenSSH's patterns say it."""


def variables(place: Path, endpoint: ServerEndpoint) -> dict[str, str]:
    """Return what programs made for the platform read from their environment; holds the token.

    Args:
        place: the directory of whose token it is: the fleet's, or that of one of its further owners.
        endpoint: where the fleet is served.

    Raises:
        ConfigError: the token cannot be read.
    """
    try:
        token = read_token(place)
    except OSError as error:
        raise ConfigError(f"the token in {place} cannot be read: {error}") from error
    return {
        **service_variables(endpoint.base_url, token),
        GATEWAY_VARIABLE: f"{endpoint.ssh_host}:{endpoint.ssh_port}",
        "NODE_EXTRA_CA_CERTS": endpoint.ca_file,
    }


def write_environment(place: Path, endpoint: ServerEndpoint) -> Path:
    """Write the variables as a shell reads them, and return the file.

    Raises:
        ConfigError: as `variables`.
    """
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables(place, endpoint).items()]
    # Sourced again, it does not grow.
    lines.append(f'PATH={shlex.quote(str(PROGRAMS))}:"${{PATH#*/access/programs:}}"\n')
    lines.append(f'! command -v node > /dev/null || PATH={shlex.quote(str(NODE))}:"$PATH"\nexport PATH\n')
    file = place / "environment.sh"
    write_private(file, "".join(lines))
    return file


def write_ssh_configuration(root: Path, ca_file: Path, host: str, port: int) -> Path:
    """Write a configuration with which OpenSSH's programs reach every VM, also one that is made later; return it.

    Args:
        root: the fleet's directory.
        ca_file: the gateway's authority.
        host: where the gateway listens.
        port: its port.

    Raises:
        ConfigError: there is no `openssl` to speak TLS, or the directory has a name that cannot be written there.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ConfigError("openssl is not installed: OpenSSH cannot reach the gateway", hint="install openssl")
    if any(sign in str(root) for sign in '"\n\r\\'):
        raise ConfigError(f"OpenSSH cannot be told of a directory with such a name: {root}", hint="move the fleet")
    keys = str(root / "keys").replace("%", "%%")
    words = (openssl, "s_client", "-quiet", "-verify_return_error", "-CAfile", str(ca_file), "-connect")
    proxy = shlex.join([*words, f"{host}:{port}"]).replace("%", "%%")
    text = f"""# For ssh, scp, sftp, rsync and git: ssh -F THIS_FILE root@VM_ID.{PLATFORM_DOMAIN}, or the id alone.
Host {ANY_ID}
    HostName %h.{PLATFORM_DOMAIN}
Host *.{PLATFORM_DOMAIN} {ANY_ID}
    User root
    ProxyCommand {proxy} -servername %h -verify_hostname %h 2>/dev/null
    IdentityFile "{keys}/%h"
    IdentitiesOnly yes
    UserKnownHostsFile "{keys}/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking accept-new
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    LogLevel ERROR
    ServerAliveInterval 15
    ServerAliveCountMax 4
"""
    file = root / "ssh_config"
    write_private(file, text)
    return file
