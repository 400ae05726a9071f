"""Where the address and the token of the services are kept that this cockpit made, and how they are found again."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import config, logs, paths
from cockpit.bootstrap.setting import write_setting
from cockpit.errors import ConfigError
from cockpit.net.address import web_address

if TYPE_CHECKING:
    from cockpit.config import Settings

TABLE, KEY = "vers", "infra_url"
"""Where config.toml has the address."""
TOKEN_BYTES = 32
LEAST_TOKEN = 20
"""Characters the services want of a token."""
TOKEN_FILE = "services.json"
"""Relative to the state's directory: `{"url", "token"}`, so that the token is sent nowhere but there."""


@dataclass(frozen=True, slots=True)
class KnownServices:
    """Where board, feed and registry are."""

    url: str
    """Empty where there are none."""
    token: str = field(repr=False, default="")


def find_services(settings: Settings, environment: Mapping[str, str]) -> KnownServices:
    """Return where the services are: as the environment says, else as config.toml does.

    Args:
        settings: what config.toml says.
        environment: `VERS_INFRA_URL` and `VERS_AUTH_TOKEN` win.

    Raises:
        ConfigError: the address is none, or the token's file cannot be read.
    """
    url, said = config.infrastructure_url(environment), settings.vers.infra_url.strip()
    if not url and said:
        where = f"{settings.file}: {TABLE}.{KEY}"
        url = web_address(said, where, example="https://host:3000")
    token = environment.get("VERS_AUTH_TOKEN", "").strip()
    return KnownServices(url, token or kept_token(token_file(), url)) if url else KnownServices("")


def services_now(settings: Settings) -> tuple[str, str]:
    """Return address and token of the services as config.toml has them by now, which may have been written meanwhile.

    Raises:
        ConfigError: it cannot be read.
    """
    found = find_services(config.load(settings.file), os.environ)
    logs.hide(found.token)
    return found.url, found.token


def new_token(environment: Mapping[str, str]) -> tuple[str, bool]:
    """Return a token for new services, and whether the environment has set it: no other one would be sent to them.

    Raises:
        ConfigError: what is set is too short to keep anybody out, or cannot be sent.
    """
    token = environment.get("VERS_AUTH_TOKEN", "").strip()
    if not token:
        return secrets.token_urlsafe(TOKEN_BYTES), False
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            f"VERS_AUTH_TOKEN is no token of {LEAST_TOKEN} characters or more without spaces",
            hint="unset it, and one is made",
        )
    return token, True


def kept_token(file: Path, url: str) -> str:
    """Return the token that is kept for an address; empty if there is none for it.

    Raises:
        ConfigError: the file is there and cannot be read. What is in it is not quoted.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return str(found["token"]) if found["url"] == url else ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}", hint=_another_way(file)) from error
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{file} does not hold an address and a token", hint=_another_way(file)) from None


def _another_way(file: Path) -> str:
    return f"set VERS_AUTH_TOKEN, or remove {file} and run `cockpit infra` again"


def token_file() -> Path:
    """Return the path of the token's file; it need not exist."""
    return paths.state_directory() / TOKEN_FILE


def keep_services(settings: Settings, url: str, token: str) -> str:
    """Keep the token in a file of mode 0600 and the address in config.toml; return where the address is.

    Raises:
        ConfigError: one of them cannot be written.
    """
    logs.hide(token)
    file = token_file()
    try:
        paths.write_private(file, json.dumps({"url": url, "token": token}))
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}", hint="make room there") from error
    written = settings.file or paths.config_file()
    write_setting(written, TABLE, KEY, url)
    return f"{written}, the token in {file}"
