"""The further owners of an embedded fleet: a directory for each, with its token and its records."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from cockpit.embedded.endpoint import TOKEN_SECRET_BYTES, ensure_token, read_token
from cockpit.errors import ConfigError, NotFound
from cockpit.paths import private_directory, write_private

OWNER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SHOWN_LENGTH = 36
"""Characters of a token's UUID, which is no secret."""
FIRST_OWNER = "embedded"
"""The name of whoever has the fleet's own token; no other may have it."""


def owner_directory(root: Path, name: str) -> Path:
    """Return where the things of an owner are.

    Raises:
        ConfigError: no owner can have such a name.
    """
    if not OWNER_NAME.fullmatch(name) or name == FIRST_OWNER:
        raise ConfigError(
            f"no owner can be called {name!r}",
            hint=f"use up to 32 lower-case letters, digits and hyphens, and not {FIRST_OWNER!r}",
        )
    return root / "owners" / name


def ensure_owner(root: Path, name: str) -> Path:
    """Make an owner where there is none of that name, and return its directory; a server that runs takes it in.

    Raises:
        ConfigError: the name or the directory cannot be used.
    """
    directory = owner_directory(root, name)
    private_directory(directory.parent)
    private_directory(directory)
    try:
        ensure_token(directory)
    except OSError as error:
        raise ConfigError(f"the token of {name} cannot be kept in {directory}: {error.strerror or error}") from error
    return directory


def change_token(root: Path, name: str) -> Path:
    """Give an owner another token with the same part that may be shown, and return its file.

    Raises:
        NotFound: there is no such owner.
        ConfigError: the token cannot be kept.
    """
    directory = demand_owner(root, name)
    try:
        shown = read_token(directory)[:SHOWN_LENGTH]
        write_private(token_file(directory), f"{shown}{secrets.token_hex(TOKEN_SECRET_BYTES)}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the token of {name} cannot be kept in {directory}: {error}") from error
    return token_file(directory)


def demand_owner(root: Path, name: str) -> Path:
    """Return the directory of an owner.

    Raises:
        ConfigError: no owner can have such a name.
        NotFound: there is none of that name.
    """
    directory = owner_directory(root, name)
    if name not in owner_names(root):
        raise NotFound(f"no owner is called {name}", hint=f"there are: {', '.join(owner_names(root)) or 'none'}")
    return directory


def token_file(directory: Path) -> Path:
    """Return the file that holds an owner's token; without it the owner has no access any more."""
    return directory / "token"


def owner_names(root: Path) -> list[str]:
    """Return the further owners by name."""
    try:
        found = [place.name for place in (root / "owners").iterdir() if token_file(place).is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in found if OWNER_NAME.fullmatch(name) and name != FIRST_OWNER)
