"""The size of a VM: processors, memory and disk, and why one is impossible."""

from __future__ import annotations

from dataclasses import dataclass

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
