"""Differences that git writes are read whole, whatever they hold; git applying what was read is the oracle."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.model.changes.diff import moved_line
from cockpit.model.changes.patch import parse_patch, unquoted
from cockpit.model.changes.report import Changes, RepositoryChanges
from cockpit.model.changes.words import differing, word_ranges
from cockpit.model.changes.written import patch_bytes, quoted, written
from cockpit.model.ids import AgentId

NAMES = st.sampled_from(
    [
        b"a",
        b"b c",
        b'"q"',
        b"t\tab",
        b"l\nf",
        b"\xff\xfe",
        "ä".encode(),
        b"back\\slash",
        b"-option",
        b"a b b/x",
        b"diff",
    ]
)
LINES = st.sampled_from(
    [
        b"one\n",
        b"two\n",
        b"\n",
        b"crlf\r\n",
        b"@@ -1 +1 @@\n",
        b"diff --git a/a b/a\n",
        b"--- a/x\n",
        b"\\ no\n",
        b"\xff\n",
    ]
)
BODY = st.tuples(st.lists(LINES, max_size=12), st.sampled_from([b"", b"no end", b"\r"])).map(
    lambda parts: b"".join([*parts[0], parts[1]])
)
TREES = st.dictionaries(NAMES, BODY, max_size=4)


def git(place: Path, *words: str, data: bytes = b"") -> bytes:
    """Run git and return what it writes."""
    done = subprocess.run(["git", "-C", str(place), *words], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(place: Path, *trees: dict[bytes, bytes]) -> None:
    """Put trees into a repository, as the commits `tree0`, `tree1` and so on."""
    said = []
    for number, tree in enumerate(trees):
        said += [b"commit refs/heads/tree%d\ncommitter a <a@b> 0 +0000\ndata 0\ndeleteall\n" % number]
        for name, body in tree.items():
            octal = b"".join(b"\\%03o" % byte for byte in name)
            said += [b'M 100644 inline "%s"\ndata %d\n%s\n' % (octal, len(body), body)]
    git(place, "fast-import", "--quiet", "--force", data=b"".join(said))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of git."""
    made = tmp_path_factory.mktemp("patches")
    git(made, "init", "-q")
    return made


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TREES, after=TREES)
def test_what_was_read_makes_the_new_state_of_the_old_one(
    place: Path, before: dict[bytes, bytes], after: dict[bytes, bytes]
) -> None:
    stored(place, before, after)
    said = git(place, "diff-tree", "-r", "-p", "-M", "--full-index", "--text", "tree0", "tree1")
    patch = parse_patch(said)
    assert not patch.cut and all(file.whole for file in patch.files)
    git(place, "read-tree", "tree0")
    if patch.files:
        git(place, "apply", "--cached", "-", data=patch_bytes(patch.files))
    assert git(place, "write-tree") == git(place, "rev-parse", "tree1^{tree}")


@given(st.binary(max_size=400))
def test_whatever_is_read_ends_and_is_bounded(data: bytes) -> None:
    for said in (data, b"diff --git " + data, b"diff --git a/x b/x\n@@ -1,9 +1,9 @@\n" + data):
        patch = parse_patch(said, most_lines=10)
        assert sum(len(hunk.lines) for file in patch.files for hunk in file.hunks) <= 10
        for file in patch.files:
            assert parse_patch(patch_bytes([file])).files[0].added == file.added


@given(st.binary(min_size=1, max_size=30))
def test_a_quoted_name_is_the_name_again(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    assert unquoted(quoted(text).encode("utf-8", "surrogateescape")) == name or quoted(text) == text


def test_a_difference_that_is_cut_off_says_so_of_its_last_file() -> None:
    whole = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n"
    assert parse_patch(whole).files[0].whole
    for end in range(whole.index(b"@@ -1") + 16, len(whole)):
        patch = parse_patch(whole[:end])
        assert patch.cut and not patch.files[0].whole, whole[:end]


@given(st.text(alphabet="ab _.(", max_size=30), st.text(alphabet="ab _.(", max_size=30))
def test_without_the_words_that_differ_two_lines_are_the_same(old: str, new: str) -> None:
    removed, added = differing(old, new)
    if removed or added:
        assert without(old, removed) == without(new, added)


def without(text: str, ranges: tuple[tuple[int, int], ...]) -> str:
    """Return a text without some of its parts."""
    kept, at = "", 0
    for start, end in ranges:
        kept, at = kept + text[at:start], end
    return kept + text[at:]


def test_words_are_compared_in_pairs_of_removed_and_added_lines() -> None:
    head = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n"
    said = head + b"-value = first + 1\n-gone\n+value = second + 1\n same\n"
    lines = parse_patch(said).files[0].hunks[0].lines
    ranges = word_ranges(lines)
    assert {number: [lines[number].text[a:b] for a, b in found] for number, found in ranges.items()} == {
        0: ["first"],
        2: ["second"],
    }


@given(old=st.lists(st.integers(0, 30), unique=True), new=st.lists(st.integers(0, 30), unique=True))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_line_is_found_where_it_is_now(
    tmp_path_factory: pytest.TempPathFactory, old: list[int], new: list[int]
) -> None:
    made = tmp_path_factory.mktemp("lines")
    for name, lines in (("old", old), ("new", new)):
        (made / name).write_text("".join(f"{line}\n" for line in lines))
    done = subprocess.run(["git", "diff", "--no-index", "-U0", "old", "new"], cwd=made, capture_output=True, timeout=60)
    files = parse_patch(done.stdout).files
    hunks = files[0].hunks if files else ()
    gone = {line.text for hunk in hunks for line in hunk.lines if line.kind == "-"}
    for number, line in enumerate(old, 1):
        found = moved_line(hunks, number)
        assert (found is None) == (str(line) in gone)
        assert found is None or new[found - 1] == line


def test_a_text_of_differences_is_bounded_and_names_its_repository() -> None:
    said = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    one = RepositoryChanges("./app", files=parse_patch(said).files)
    changes = Changes(AgentId("a"), base=None, at=0.0, vm_now=0.0, repositories=(one,))  # type: ignore[arg-type]
    text, cut = written(changes, 10_000)
    assert "diff --git a/app/x b/app/x\n" in text and not cut
    assert written(changes, 5)[1]
