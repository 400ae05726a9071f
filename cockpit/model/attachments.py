"""Images that go with a text: how they are named, which are taken, and how large they may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

ON_VM = "vm:"
"""Begins the name of an image on the agent's VM; all others are on this machine."""

MOST_BYTES = 3_750_000
"""Bytes of one image: providers refuse more than 5 MB, and it travels a third larger than it is (base64)."""

MOST_TOGETHER = 5_000_000
"""Bytes of all images of one text: an agent repeats them in one line of its output, of which 8 MiB are kept whole."""

MOST_IMAGES = 16

HEAD = 12
"""Bytes at the beginning of a file by which its type is told."""

_REFERENCE = re.compile(
    r"""(?:(?<=\s)|^)@(?:"(?P<quoted>[^"\n]+)"|(?P<plain>\S+\.(?:png|jpe?g|gif|webp)))(?=[\s.,;:!?)]|$)""",
    re.IGNORECASE,
)
_IMAGE_NAME = re.compile(r"\.(?:png|jpe?g|gif|webp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One image, read."""

    name: str
    """As it was named."""
    media_type: str
    data: bytes

    @property
    def label(self) -> str:
        """`shot.png, 12 kB`."""
        return f"{PurePosixPath(self.name.removeprefix(ON_VM)).name}, {size_text(len(self.data))}"


def media_type_of(head: bytes) -> str:
    """Return the media type that the first bytes of a file mean, or empty text: its name proves nothing."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return ""


def image_fault(name: str, data: bytes) -> str:
    """Say why a file cannot go along as an image, or return empty text.

    Args:
        name: as it was named.
        data: its first `MOST_BYTES` bytes and one more, if it has so many.
    """
    if not data:
        return f"{name} is empty"
    if not media_type_of(data[:HEAD]):
        return f"{name} is no image that an agent reads: png, jpeg, gif and webp are, by their content"
    if len(data) > MOST_BYTES:
        return f"{name} is larger than {size_text(MOST_BYTES)}: providers refuse it; make it smaller"
    return ""


def is_image_name(path: str) -> bool:
    """Tell whether a path ends as those of images do that can go along."""
    return _IMAGE_NAME.search(path) is not None


def references_in(text: str) -> tuple[str, ...]:
    """Return the images a text names: `@shot.png`, `@"a path.png"`, `@vm:shot.png`; each once, in order."""
    found = (match["quoted"] or match["plain"] for match in _REFERENCE.finditer(text))
    return tuple(dict.fromkeys(name for name in found if _IMAGE_NAME.search(name)))


def naming(text: str, images: tuple[str, ...]) -> str:
    """Return a text that names all images that went with it, so that they go along again."""
    named = references_in(text)
    missing = [f'@"{name}"' if re.search(r"\s", name) else f"@{name}" for name in images if name not in named]
    return " ".join([text, *missing]) if missing else text


def as_reference(pasted: str) -> str:
    """Return how a text names the image whose path alone was pasted, or empty text for any other paste.

    Terminals paste a file that is dropped on them as a path, which may be quoted, escaped or an address.
    """
    path = pasted.strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1]
    elif "\\ " in path:
        path = re.sub(r"\\(.)", r"\1", path)
    path = path.removeprefix("file://")
    absolute = path.startswith(("/", "~/"))
    if "\n" in path or '"' in path or not absolute or not _IMAGE_NAME.search(path):
        return ""
    return f'@"{path}" ' if re.search(r"\s", path) else f"@{path} "


def size_text(size: int) -> str:
    """Return a size for people: `812 B`, `12 kB`, `3.8 MB`."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
