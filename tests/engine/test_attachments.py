"""Images on their way to an agent: read here or on its VM, brought in pieces, refused before anything is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cockpit.agents.scaffold.layout import ScriptExit
from cockpit.engine.streams.sender import PIECE
from cockpit.model.attachments import MOST_BYTES, MOST_IMAGES, MOST_TOGETHER
from cockpit.model.commands.agent import Prompt
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.errors import Dropped
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import Ran, answer
from tests.engine.unit.parts import AGENT, Parts

PNG = b"\x89PNG\r\n\x1a\n"
OFFSET = re.compile(r"^offset=(\d+)$", re.MULTILINE)
UPTO = re.compile(r"^upto=(\d+)$", re.MULTILINE)
SIZE = re.compile(r"^size=(\d+)$", re.MULTILINE)


class Vm:
    """What lies beside the FIFO, and files of the workspace."""

    def __init__(self, parts: Parts) -> None:
        assert parts.connection is not None
        self.parts = parts
        self.connection = parts.connection
        self.connection.script = self.run
        self.staged = b""
        self.pieces: list[int] = []
        self.files: dict[str, bytes] = {}
        self.drops_at = -1
        self.sent = 0

    async def run(self, ran: Ran) -> Completed:
        offset, upto, size = OFFSET.search(ran.script), UPTO.search(ran.script), SIZE.search(ran.script)
        if offset is not None and upto is not None:
            assert int(offset[1]) == len(self.staged)
            if len(self.pieces) == self.drops_at:
                raise Dropped("the connection is gone")
            self.staged += ran.stdin
            self.pieces.append(len(ran.stdin))
            assert len(self.staged) == int(upto[1])
            return answer(written=upto[1])
        if size is not None:
            data = self.staged + ran.stdin
            assert len(data) in (int(size[1]), int(size[1]) - 1)
            self.connection.fifo += data
            self.staged = b""
            return answer(written=size[1])
        for content in self.files.values():
            return Completed(0, content[: MOST_BYTES + 1], b"")
        return Completed(3, b"", b"there is no such file\n")

    async def send(self, *images: str) -> tuple[Stage, str]:
        self.sent += 1
        receipt = self.parts.receipt(self.sent)
        await self.parts.sender().send(self.parts.agent, Prompt(AGENT, "look", images), receipt.id)
        shown = self.parts.shown(receipt)
        return shown.stage, shown.reason


async def test_a_long_text_is_brought_in_pieces_and_written_whole(tmp_path: Path) -> None:
    vm, data = Vm(Parts()), PNG + bytes(range(256)) * 2_000
    (tmp_path / "a.png").write_bytes(data)
    vm.files["b.png"] = PNG
    assert await vm.send(str(tmp_path / "a.png"), "vm:b.png") == (Stage.WRITTEN, "")
    assert len(vm.pieces) == 2 and set(vm.pieces) == {PIECE}, "each is acknowledged before the next is sent"
    sent = json.loads(vm.connection.fifo)
    assert [image["mimeType"] for image in sent["images"]] == ["image/png", "image/png"]
    assert len(sent["images"][0]["data"]) == (len(data) + 2) // 3 * 4


async def test_a_link_that_ends_between_two_pieces_has_written_nothing(tmp_path: Path) -> None:
    vm = Vm(Parts())
    (tmp_path / "a.png").write_bytes(PNG + bytes(600_000))
    vm.drops_at = 1
    stage, reason = await vm.send(str(tmp_path / "a.png"))
    assert stage is Stage.FAILED and f"{PIECE} of " in reason and vm.connection.fifo == b""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b"%PDF-1.7", "by their content"),
        (PNG + bytes(MOST_BYTES), "larger than"),
    ],
)
async def test_what_is_no_image_is_refused_before_anything_is_written(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    vm, path = Vm(Parts()), tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    stage, why = await vm.send(str(path))
    assert stage is Stage.FAILED and reason in why and str(path) in why and vm.connection.fifo == b""


async def test_too_many_or_too_much_is_refused(tmp_path: Path) -> None:
    vm = Vm(Parts())
    (tmp_path / "a.png").write_bytes(PNG + bytes(MOST_TOGETHER // 2))
    stage, why = await vm.send(*[str(tmp_path / "a.png")] * 2)
    assert stage is Stage.FAILED and "together" in why
    stage, why = await vm.send(*[str(tmp_path / "a.png")] * (MOST_IMAGES + 1))
    assert stage is Stage.FAILED and f"{MOST_IMAGES} may go along" in why and vm.connection.fifo == b""


async def test_a_directory_or_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    vm = Vm(Parts())
    stage, why = await vm.send(str(tmp_path))
    assert stage is Stage.FAILED and "vm:" in why
    stage, why = await vm.send("vm:none.png")
    assert stage is Stage.FAILED and "none.png" in why and "no such file" in why
    vm.connection.ends(ScriptExit.NO_READER)
    stage, why = await vm.send("vm:none.png")
    assert stage is Stage.FAILED and vm.connection.fifo == b""
