"""Where the API key and the address of the Vers platform are looked up; a key is never shown, only its source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cockpit.errors import ConfigError
from cockpit.net.address import web_address

DEFAULT_BASE_URL = "https://api.vers.sh/api/v1"
API_PREFIX = "/api/v1"
KEY_LENGTH = 100
"""A UUID of 36 characters and 64 hexadecimal digits; the gateway checks the length exactly."""
KEY_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[0-9a-fA-F]{64}")


KEY_HELP = (
    "no Vers API key was found, so VMs are sandboxes on this machine. For real VMs: make an account and a key at"
    " https://vers.sh, then set VERS_API_KEY, or write it into ~/.vers/keys.json as"
    ' {"keys": {"VERS_API_KEY": "…"}} (mode 0600), and start again'
)
"""How a key is got and where it goes, for who has none."""


KEY_NOTICE = "no Vers key: VMs are sandboxes here; get one at https://vers.sh, set VERS_API_KEY (see whoami)"
"""The same in one line of the screen."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key and where it was found."""

    api_key: str = field(repr=False)
    source: str
    """`VERS_API_KEY` or a file's path."""

    @property
    def owner_id(self) -> str:
        """The part of the key that may be shown; it is the owner of what this key creates."""
        return owner_id(self.api_key)

    @property
    def doubt(self) -> str:
        """Why the gateway would refuse this key for its form, empty if it looks right."""
        if KEY_FORM.fullmatch(self.api_key):
            return ""
        if len(self.api_key) != KEY_LENGTH:
            return f"the key from {self.source} has {len(self.api_key)} characters instead of {KEY_LENGTH}"
        return f"the key from {self.source} is not a UUID followed by 64 hexadecimal digits"


def owner_id(api_key: str) -> str:
    """Return the UUID a key starts with, or empty text if it does not."""
    return api_key[:36].lower() if KEY_FORM.fullmatch(api_key) else ""


def find_credentials(environment: Mapping[str, str], home: Path) -> Credentials | None:
    """Return the first key found; None if there is none.

    The order is that of all clients together, each of which knows some of these places: the environment, `keys.json`
    of `vers_home` (hdresearch/pi-vers), then in the operator's home `.vers/keys.json`, `.vers/config.json`
    (hdresearch/pi-v) and `.versrc` (hdresearch/vers-cli).

    Raises:
        ConfigError: no key was found, and a file that should hold one cannot be read.
    """
    key = environment.get("VERS_API_KEY", "").strip()
    if key:
        return Credentials(key, "VERS_API_KEY")
    troubles: list[str] = []
    for path, read in (
        (vers_home(environment, home) / "keys.json", _from_keys_file),
        (home / ".vers" / "keys.json", _from_keys_file),
        (home / ".vers" / "config.json", _from_config_file),
        (home / ".versrc", _from_versrc),
    ):
        try:
            key = read(path.read_text(encoding="utf-8")).strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError, RecursionError) as error:
            # A parser's text may quote what it read, which may be the key: only the kind of trouble is told.
            troubles.append(f"{path}: {_trouble(error)}")
            continue
        if key:
            return Credentials(key, str(path))
    if troubles:
        raise ConfigError(f"no API key found, and not readable: {'; '.join(troubles)}", hint="repair or remove it")
    return None


def vers_home(environment: Mapping[str, str], home: Path) -> Path:
    """Return the directory of the extensions of pi: `VERS_HOME`, else `vers` beside pi's own (hdresearch/pi-vers)."""
    named, agents = (environment.get(name, "").strip() for name in ("VERS_HOME", "PI_CODING_AGENT_DIR"))
    if named:
        return Path(named)
    return Path(agents).parent / "vers" if agents else home / ".pi" / "vers"


def _trouble(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON (line {error.lineno}, column {error.colno})"
    return "not in the expected form"


def _from_keys_file(content: str) -> str:
    """Read `{"keys": {"VERS_API_KEY": …}}` (hdresearch/pi-v, extensions/vers-vm.ts)."""
    body = json.loads(content)
    keys = body.get("keys") if isinstance(body, dict) else None
    return _text(keys.get("VERS_API_KEY")) if isinstance(keys, dict) else ""


def _from_config_file(content: str) -> str:
    """Read `versApiKey` or `api_key`; the Vers command line keeps other things in the same file."""
    body = json.loads(content)
    if not isinstance(body, dict):
        return ""
    return _text(body.get("versApiKey")) or _text(body.get("api_key"))


def _from_versrc(content: str) -> str:
    """Read `{"apiKey": …}` (hdresearch/vers-cli) or a bare key."""
    if content.lstrip().startswith("{"):
        body = json.loads(content)
        return _text(body.get("apiKey"))
    lines = content.split()
    return lines[0] if len(lines) == 1 else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def api_base_url(value: str = "", variable: str = "VERS_BASE_URL") -> str:
    """Return the base of all API paths; an address without a path gets the version prefix.

    One variable name has two meanings in the field, with and without `/api/v1`, so tools that add it make it double.

    Args:
        value: the address as it was given.
        variable: where it was given, for messages.

    Raises:
        ConfigError: not an http or https address.
    """
    if not value.strip():
        return DEFAULT_BASE_URL
    address = web_address(value, variable, example=DEFAULT_BASE_URL)
    parts = urlsplit(address)
    path = re.sub("/{2,}", "/", parts.path)
    doubled = re.compile(f"(?:{API_PREFIX}){{2,}}(?=/|$)", re.IGNORECASE)
    path = doubled.sub(API_PREFIX, path).rstrip("/") or API_PREFIX
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def base_url_from(environment: Mapping[str, str]) -> str:
    """Return the base URL that `VERS_BASE_URL` or `VERS_URL` names, else the public platform."""
    for variable in ("VERS_BASE_URL", "VERS_URL"):
        if environment.get(variable, "").strip():
            return api_base_url(environment[variable], variable)
    return DEFAULT_BASE_URL


def vm_domain(base_url: str) -> str:
    """Return the domain the VMs are under: `api.vers.sh` has `vm.vers.sh`; other hosts are their own."""
    host = urlsplit(base_url).hostname or ""
    return f"vm.{host.removeprefix('api.')}" if host.startswith("api.") else host
