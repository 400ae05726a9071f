"""An agent's writer in a process of its own: obeys words, and keeps a true copy of every file it ever wrote.

Each word is a JSON array on standard input and is answered by a JSON object on standard output. What goes into the
output file also goes into `truth/GENERATION` apart from it: the ground truth is what was written, not what was meant.
A generation begins with each truncation, rotation or replacement.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Any

HOSTILE = (
    b"",
    b"\r",
    b"plain words, no JSON",
    b"\xef\xbb\xbf{}",
    b"\x00\x00null bytes\x00",
    b"\xff\xfe broken \xc3",
    '{"type":"text","text":"line\u2028separator\u2029and\u0085next"}'.encode(),
    b'{"type":"message_update","assistantMessageEvent":{"type":"text_delta","delta":"\\ud800"}}',
    b'{"type":17,"message":null}',
    b'{"type":"message_end"}',
    b"[" * 10_000 + b"]" * 10_000,
    b'{"type":"never heard of","n":"12"}',
    b"tail: /tmp/out: file truncated",
    b"/././/./usr/bin/tail: out: file truncated",
)
"""Lines that are no records of pi, and some that look like words of the machinery in between."""


def make_lines(chance: random.Random, generation: int, number: int, count: int) -> bytes:
    """Return `count` lines; most say which they are, so that no two files look alike for long."""
    lines = []
    for place in range(number, number + count):
        draw = chance.random()
        if draw < 0.02:
            lines.append(chance.choice(HOSTILE))
        elif draw < 0.05:
            lines.append(b'{"type":"agent_start"}')
        elif draw < 0.051:
            lines.append(b'{"type":"filler","at":%d,"text":"%s"}' % (place, b"x" * chance.randrange(100_000)))
        else:
            words = "é" * chance.randrange(40)
            lines.append(f'{{"type":"note","generation":{generation},"number":{place},"text":"{words}"}}'.encode())
    return b"".join(line + b"\n" for line in lines)


def truth_path(path: Path, generation: int) -> Path:
    """Return where the true copy of a generation of an output file is kept."""
    return path.parent.parent / "truth" / str(generation)


class Writing:
    """The open output file and its true copy."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.chance = random.Random(seed)
        self.generation = 0
        self.number = 0
        self.file = path.open("ab", buffering=0)
        self.truth_path(0).parent.mkdir(exist_ok=True)
        self.truth = self.truth_path(0).open("ab", buffering=0)

    def truth_path(self, generation: int) -> Path:
        """Return where the true copy of a generation is kept."""
        return truth_path(self.path, generation)

    def write(self, data: bytes) -> None:
        """Write to the true copy, then to the file, all of it or as much as the disk takes."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self.file.fileno(), data[written:])
        finally:
            self.truth.write(data[:written])

    def new_generation(self) -> None:
        """Begin a true copy of its own for what is written from now on."""
        self.generation += 1
        self.number = 0
        self.truth.close()
        self.truth = self.truth_path(self.generation).open("ab", buffering=0)

    def obey(self, word: str, *arguments: Any) -> None:
        """Carry out one word."""
        getattr(self, f"do_{word}")(*arguments)

    def do_lines(self, count: int) -> None:
        """Append so many lines."""
        data = make_lines(self.chance, self.generation, self.number, count)
        self.number += count
        self.write(data)

    def do_bytes(self, encoded: str) -> None:
        """Append these bytes."""
        self.write(base64.b64decode(encoded))

    def do_truncate(self, count: int) -> None:
        """Truncate the file in place and write so many lines from its start."""
        self.new_generation()
        os.ftruncate(self.file.fileno(), 0)
        self.do_lines(count)

    def do_rotate(self, count: int, last: int = 0) -> None:
        """Rename the file away, write `last` lines more to it, and begin a new one."""
        self.path.rename(self.path.with_name("out.1"))
        self.do_lines(last)
        self.file.close()
        self.new_generation()
        new = self.path.with_name("out.new")
        self.file = new.open("ab", buffering=0)
        self.do_lines(count)
        new.rename(self.path)

    def do_recreate(self, count: int, directory: bool = False) -> None:
        """Remove the file, or its whole directory, and make it again; the inode may be the same."""
        self.file.close()
        if directory:
            shutil.rmtree(self.path.parent)
            self.path.parent.mkdir()
        else:
            self.path.unlink()
        self.new_generation()
        self.file = self.path.open("ab", buffering=0)
        self.do_lines(count)

    def do_copytruncate(self) -> None:
        """Rotate as logrotate's copytruncate does: copy, then truncate; the writer goes on in the same file."""
        shutil.copyfile(self.path, self.path.with_name("out.1"))
        self.new_generation()
        os.ftruncate(self.file.fileno(), 0)


def main(path: Path, seed: int) -> None:
    """Obey until standard input ends."""
    writing = Writing(path, seed)
    print("{}", flush=True)
    for line in sys.stdin:
        word, *arguments = json.loads(line)
        trouble = ""
        try:
            writing.obey(word, *arguments)
        except OSError as error:
            trouble = error.strerror or str(error)
        answer = {"generation": writing.generation, "trouble": trouble}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
