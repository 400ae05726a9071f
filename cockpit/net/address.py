"""Web addresses as operators give them: spaces and slashes around are cut, and what is none is refused by name."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from cockpit.errors import ConfigError


def web_address(value: str, variable: str, *, example: str) -> str:
    """Return an http or https address without query, fragment and slashes at its end.

    Args:
        value: as it was given.
        variable: where it was given, for messages.
        example: a good one.

    Raises:
        ConfigError: it is no such address, or holds a user name; a password is never repeated.
    """
    text = value.strip().strip("\"'").strip()
    hint = f"for example {example}"
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise ConfigError(f"{variable} is no web address: {error}", hint=hint) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"{variable} holds a user name", hint="a key or token has a variable of its own")
    if parts.scheme.lower() not in ("http", "https") or not host or port == 0:
        raise ConfigError(f"{variable} is {text!r}, which is no web address", hint=hint)
    if any(sign.isspace() or not sign.isprintable() for sign in text) or any(sign in host for sign in '<>"{}|^`\\%,;'):
        raise ConfigError(f"{variable} is {text!r}, which is no web address", hint=hint)
    if parts.query or parts.fragment:
        raise ConfigError(f"{variable} is {text!r}: a query or a fragment has no meaning there", hint=hint)
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))
