"""The work of `whoami`: who one is at each source, whose key is in use, and whether the platform takes it."""

from __future__ import annotations

from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.output import print_json
from cockpit.model.accounts import AccountView
from cockpit.model.health import VM_LIST
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


async def whoami(headless: Headless, as_json: bool) -> int:
    """Print the account of each fleet, and who one is on each host; a key or login that is refused is a failure."""
    key_help = await headless.key_help()
    async with headless.engine(nobody) as engine:
        require_health(engine, VM_LIST)
        accounts = await engine.platform.accounts()
    if as_json:
        print_json([_account_object(account) for account in accounts])
    else:
        for account in accounts:
            for line in _lines(account):
                say(line)
    if key_help:
        warn(our_text("cockpit: {}", key_help))
    return ExitCode.DONE if all(account.valid for account in accounts) else ExitCode.FAILED


def _account_object(account: AccountView) -> dict[str, object]:
    return {
        "source": account.source,
        "account": account.account,
        "valid": account.valid,
        "message": account.message,
        "user": account.user or None,
        "organisation": account.organisation or None,
        "key_label": account.label or None,
        "expires_at": account.expires_at or None,
        "max_vcpus": account.limits.vcpus or None,
        "max_memory_mib": account.limits.memory_mib or None,
        "platform_version": account.version or None,
        "key_from": account.key_from or None,
        "host": account.host,
    }


def _lines(account: AccountView) -> list[Clean]:
    lines = [our_line("{}: {}", account.source, account.account)]
    if account.host:
        return [*lines, our_line("  {}", f"{account.user}, by SSH" if account.valid else account.message)]
    key = f"from {account.key_from}" if account.key_from else "of the embedded fleet"
    lines.append(our_line("  key {}: {}", key, account.message))
    who = ", ".join(part for part in (account.user, account.organisation) if part)
    if who:
        lines.append(our_line("  {}", who))
    limits = [
        *([f"{account.limits.vcpus} processors"] if account.limits.vcpus else []),
        *([f"{account.limits.memory_mib} MiB of memory"] if account.limits.memory_mib else []),
    ]
    if limits:
        lines.append(our_line("  at most {}", " and ".join(limits)))
    if account.version:
        lines.append(our_line("  the platform's version is {}", account.version))
    return lines
