"""The size of a VM: processors, memory and disk, how it is written, and why one is impossible."""

from __future__ import annotations

import re
from dataclasses import dataclass

CHOSEN_SIZE = "size"
"""The name under which the size that was chosen last is kept."""
LARGEST = 2**32 - 1
"""What the platform's fields hold at most: unsigned numbers of 32 bits (`VmConfig`, vers-api)."""
LEAST_MEMORY = 128
"""MiB below which no Linux system boots."""
LEAST_DISK = 512
"""MiB below which no system fits."""


@dataclass(frozen=True, slots=True)
class VmSize:
    """What a VM has, or is to have; the defaults are those of the platform's guide for a VM of an agent."""

    vcpus: int = 2
    memory_mib: int = 4096
    disk_mib: int = 8192

    @property
    def text(self) -> str:
        """As it is typed and shown: `2/4096/8192`; a part nobody knows is `?`."""
        return "/".join(f"{part or '?'}" for part in (self.vcpus, self.memory_mib, self.disk_mib))

    @property
    def brief(self) -> str:
        """As a row shows it: `2c 4G 8G`; empty if nobody told anything of it."""
        if self == UNKNOWN_SIZE:
            return ""
        cores = f"{self.vcpus or '?'}c"
        return " ".join((cores, *(_rounded(amount) for amount in (self.memory_mib, self.disk_mib))))

    @property
    def core(self) -> str:
        """As a narrow row shows it, without the disk: `2c 4G`; empty if nobody told anything of it."""
        return self.brief.rpartition(" ")[0]


def _rounded(mib: int) -> str:
    if mib <= 0:
        return "?"
    if mib < 1024:
        return f"{mib}M"
    gib = mib / 1024
    return f"{gib:.3g}G" if gib < 1000 else f"{gib:.0f}G"


UNKNOWN_SIZE = VmSize(0, 0, 0)
"""Of a VM whose size nobody told: the platform lists VMs without it."""


def parse_size(text: str) -> VmSize | None:
    """Return the size that was typed as `PROCESSORS/MEMORY/DISK`, the last two in MiB or as `4G`; else None."""
    parts = text.replace(" ", "").split("/")
    amounts = [_amount(part) for part in parts]
    if len(amounts) != 3 or "g" in parts[0].lower() or None in amounts:
        return None
    vcpus, memory, disk = (amount or 0 for amount in amounts)
    return VmSize(vcpus, memory, disk)


def parse_disk(text: str) -> int | None:
    """Return the MiB that were typed as a number or as `20G`; else None."""
    return _amount(text.replace(" ", ""))


def _amount(text: str) -> int | None:
    found = re.fullmatch(r"([0-9]{1,12})([gG]?)", text)
    return int(found[1]) * (1024 if found[2] else 1) if found else None


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """What one API key may ask for; 0 where nothing is known of a limit."""

    vcpus: int = 0
    memory_mib: int = 0


def size_fault(size: VmSize, limits: SizeLimits | None = None) -> str:
    """Say why no VM of this size can be made, or return empty text; only what is known is refused."""
    for amount, least, what in (
        (size.vcpus, 1, "processors"),
        (size.memory_mib, LEAST_MEMORY, "MiB of memory"),
        (size.disk_mib, LEAST_DISK, "MiB of disk"),
    ):
        if amount < least:
            return f"{amount} {what} are too little for a VM: {least} at least"
        if amount > LARGEST:
            return f"{amount} {what} are more than the platform's field holds"
    if limits is not None and 0 < limits.vcpus < size.vcpus:
        return f"this API key may have {limits.vcpus} processors, not {size.vcpus}"
    if limits is not None and 0 < limits.memory_mib < size.memory_mib:
        return f"this API key may have {limits.memory_mib} MiB of memory, not {size.memory_mib}"
    return ""


def disk_fault(present_mib: int, wanted_mib: int) -> str:
    """Say why a disk cannot be given another size, or return empty text: it can grow only.

    Args:
        present_mib: its size now, 0 if nobody knows.
        wanted_mib: the new size.
    """
    if not 1 <= wanted_mib <= LARGEST:
        return f"a disk of {wanted_mib} MiB cannot be had"
    if present_mib and wanted_mib <= present_mib:
        return f"the disk has {present_mib} MiB already, and a disk can only grow"
    return ""


def bytes_text(amount: int) -> str:
    """Return a number of bytes as people read it; empty text for none."""
    if amount <= 0:
        return ""
    for unit in ("kB", "MB"):
        amount_here = amount / (1000 if unit == "kB" else 1_000_000)
        if amount_here < 1000:
            return f"{amount_here:.3g} {unit}"
    return f"{amount / 1e9:.3g} GB"
