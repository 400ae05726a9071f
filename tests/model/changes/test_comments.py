"""Comments: one message for a round, found handled by what the agent says, and outdated by what git says."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.changes.comments import Comment, CommentState, handled_in, line_now, round_message
from cockpit.model.changes.patch import parse_patch
from cockpit.model.changes.report import Snapshot
from cockpit.model.changes.turns import turns_of
from cockpit.model.ids import CommandId

ONE = Comment("./app", "src/x.py", 12, "  return 1\r", "c0ffee", "Why?", number=3)


def test_a_round_names_each_comment_with_its_line() -> None:
    text = round_message([ONE, replace(ONE, number=4, place=".", removed=True, note="Keep it.")])
    assert text.startswith("2 comments") and "`handled C3`" in text
    assert "C3 app/src/x.py:12\n> return 1\nWhy?" in text
    assert "C4 src/x.py:12 (removed)\n> return 1\nKeep it." in text


def test_what_the_agent_says_is_handled_is_read_from_lines_that_begin_with_it() -> None:
    said = [
        "Done.\nhandled C1\nHandled: C2, C5 and C7.\n- **handled C12**",
        "I have not handled C8 yet. C9 handled? handled nothing C10",
    ]
    assert handled_in(said) == {1, 2, 5, 7, 12}


def test_a_state_is_draft_until_sent_and_the_operator_has_the_last_word() -> None:
    sent = replace(ONE, command=CommandId("c"))
    assert [ONE.state, sent.state] == [CommentState.DRAFT, CommentState.OPEN]
    assert replace(sent, outdated=True).state is CommentState.OUTDATED
    assert replace(sent, outdated=True, handled_by="you").state is CommentState.HANDLED


def test_a_line_is_outdated_once_it_is_another_one() -> None:
    said = b"diff --git a/src/x.py b/src/x.py\n--- a/src/x.py\n+++ b/src/x.py\n@@ -%s @@\n%s"
    above = parse_patch(said % (b"2,0 +3,2", b"+new\n+new\n")).files
    same = parse_patch(said % (b"12 +12", b"-  return 1\n+  return 2\n")).files
    assert (line_now(ONE, above), line_now(ONE, same), line_now(ONE, ())) == (14, None, 12)
    gone = replace(ONE, removed=True)
    assert (line_now(gone, same), line_now(gone, ())) == (12, None)
    assert line_now(ONE, parse_patch(b"diff --git a/src/x.py b/src/x.py\ndeleted file mode 100644\n").files) is None


def test_turns_are_told_by_what_was_kept() -> None:
    def kept(key: str, kind: str, tree: str, place: str = ".", said: str = "") -> Snapshot:
        return Snapshot(f"{key}-{kind}", kind, "c", tree, float(key), said, place)

    found = turns_of(
        [
            kept("3", "end", "two"),
            kept("1", "prompt", "one", said="Do it"),
            kept("3", "end", "new", "./app"),
            kept("2", "looked", "half"),
            kept("4", "prompt", "two", said="Again"),
            kept("5", "end", "two"),
        ]
    )
    told = [(turn.key, turn.said, turn.places) for turn in found]
    assert told == [
        ("1-prompt", "Do it", ()),
        ("3-end", "Do it", (".", "./app")),
        ("4-prompt", "Again", ()),
        ("5-end", "Again", ()),
    ]
