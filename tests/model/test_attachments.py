"""Images that go with a text: told by their content, bounded, and named in a text or by a paste."""

from __future__ import annotations

import pytest

from cockpit.model.attachments import (
    MOST_BYTES,
    Attachment,
    as_reference,
    image_fault,
    media_type_of,
    naming,
    references_in,
    size_text,
)

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG + b"\0\0\0\r", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"GIF87a\1\0\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", ""),
        (b"<svg xmlns=", ""),
        (b"%PDF-1.7", ""),
        (b"\x89PNG", ""),
        (b"", ""),
    ],
)
def test_the_content_says_what_a_file_is(head: bytes, kind: str) -> None:
    assert media_type_of(head) == kind


def test_what_cannot_go_along_says_why() -> None:
    assert image_fault("a.png", PNG) == ""
    assert "is empty" in image_fault("a.png", b"")
    assert "by their content" in image_fault("a.png", b"plain text")
    assert image_fault("a.png", PNG + bytes(MOST_BYTES - 8)) == ""
    assert "larger than 3.8 MB" in image_fault("a.png", PNG + bytes(MOST_BYTES - 7))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("look at @shot.png and @/a/b.JPG, please", ("shot.png", "/a/b.JPG")),
        ('@"a name.webp" @vm:out/x.gif.', ("a name.webp", "vm:out/x.gif")),
        ("@shot.png @shot.png", ("shot.png",)),
        ("mail me@host.png, see @app.py and @README", ()),
        ('@"notes.txt"', ()),
        ("@shot.pngx", ()),
        ("", ()),
    ],
)
def test_a_text_names_its_images(text: str, names: tuple[str, ...]) -> None:
    assert references_in(text) == names


@pytest.mark.parametrize(
    ("pasted", "reference"),
    [
        ("/home/me/shot.png", "@/home/me/shot.png "),
        ("'/home/me/a shot.png'\n", '@"/home/me/a shot.png" '),
        ("/home/me/a\\ shot.jpeg", '@"/home/me/a shot.jpeg" '),
        ("file:///tmp/x.webp", "@/tmp/x.webp "),
        ("~/x.gif ", "@~/x.gif "),
        ("/etc/passwd", ""),
        ("shot.png", ""),
        ("/a.png\n/b.png", ""),
        ("see /home/me/shot.png", ""),
    ],
)
def test_a_pasted_path_becomes_a_name(pasted: str, reference: str) -> None:
    assert as_reference(pasted) == reference
    if reference:
        assert len(references_in(f"what is {reference}")) == 1


def test_a_text_that_is_taken_back_names_what_went_with_it() -> None:
    images = ("/a.png", "vm:b c.png", "/d.PNG")
    text = naming("see @/a.png", images)
    assert text == 'see @/a.png @"vm:b c.png" @/d.PNG' and references_in(text) == images
    assert naming("see", ()) == "see" and naming(text, images) == text


def test_a_label_names_the_file_and_its_size() -> None:
    assert Attachment("vm:out/a.png", "image/png", bytes(12_345)).label == "a.png, 12 kB"
    assert [size_text(size) for size in (0, 999, 1000, 3_750_000)] == ["0 B", "999 B", "1 kB", "3.8 MB"]
