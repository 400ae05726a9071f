"""Sizes of VMs: how they are written and read, and which are refused."""

from __future__ import annotations

import pytest

from cockpit.model.size import UNKNOWN_SIZE, SizeLimits, VmSize, disk_fault, parse_size, size_fault


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2/4096/8192", VmSize(2, 4096, 8192)),
        (" 4 / 8G / 20g ", VmSize(4, 8192, 20480)),
        ("0/0/0", VmSize(0, 0, 0)),
        ("2/4096", None),
        ("2G/4096/8192", None),
        ("two/4096/8192", None),
        ("-2/4096/8192", None),
        ("2/4096/8192/1", None),
        ("", None),
        ("2/٤٠٩٦/8192", None),
    ],
)
def test_a_size_is_read_as_it_is_typed(text: str, size: VmSize | None) -> None:
    assert parse_size(text) == size


def test_what_is_shown_can_be_typed_again_and_what_is_unknown_is_no_number() -> None:
    assert parse_size(VmSize(16, 512, 102400).text) == VmSize(16, 512, 102400)
    assert VmSize(16, 512, 102400).brief == "16c 512M 100G"
    assert VmSize(2, 4096, 0).brief == "2c 4G ?"
    assert VmSize(64, 1536, 1_048_576).brief == "64c 1.5G 1024G"
    assert (VmSize(2, 4096, 0).core, VmSize(0, 512, 1).core) == ("2c 4G", "?c 512M")
    assert UNKNOWN_SIZE.brief == UNKNOWN_SIZE.core == ""


@pytest.mark.parametrize(
    ("size", "limits", "words"),
    [
        (VmSize(), SizeLimits(), ""),
        (VmSize(), SizeLimits(2, 4096), ""),
        (VmSize(), SizeLimits(1, 0), "may have 1 processors, not 2"),
        (VmSize(), SizeLimits(0, 2048), "may have 2048 MiB of memory, not 4096"),
        (VmSize(0, 4096, 8192), None, "0 processors are too little"),
        (VmSize(2, 64, 8192), None, "128 at least"),
        (VmSize(2, 4096, 100), None, "512 at least"),
        (VmSize(2, 4096, 2**32), None, "more than the platform's field holds"),
    ],
)
def test_only_a_size_that_cannot_be_is_refused(size: VmSize, limits: SizeLimits | None, words: str) -> None:
    fault = size_fault(size, limits)
    assert (words in fault) if words else fault == ""


def test_a_disk_can_only_grow() -> None:
    assert disk_fault(8192, 8193) == "" == disk_fault(0, 1)
    assert "can only grow" in disk_fault(8192, 8192)
    assert "cannot be had" in disk_fault(0, 0)
