"""No key answers before the question could be read; what does harm is said twice. All clocks are virtual."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.inbox.caution import WITHIN
from cockpit.ui.widgets.needs_you.reply import KeyJudge
from cockpit.ui.widgets.needs_you.sight import STANDS, Sight

EPS = 1e-6


@dataclass(frozen=True)
class Step:
    """Something that happens, some seconds after what was before."""

    kind: str
    wait: float
    what: str = ""


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["put", "rendered", "painted", "hide", "press"]),
        st.sampled_from([0.0, 0.1, 0.2, 0.39, 0.41, 3.0]),
        st.sampled_from(["one", "two"]),
    ),
    max_size=40,
)


@given(STEPS, st.sampled_from([0.0, 0.3, 5.0]))
def test_a_key_is_taken_only_after_its_question_stood_unchanged(steps: list[Step], lag: float) -> None:
    """The oracle keeps the whole course, and looks back from each key."""
    sight = Sight(lambda composed: composed + lag)
    reply = KeyJudge(sight)
    now, course = 100.0, list[tuple[float, str, str]]()
    for step in steps:
        now += step.wait
        shown = next((what for _, kind, what in reversed(course) if kind == "put"), "")
        match step.kind:
            case "put":
                sight.put(step.what)
            case "rendered":
                sight.rendered()
            case "painted":
                sight.painted(now)
            case "hide":
                sight.hide()
            case _:
                verdict = reply.judge(shown, "y", now, harmless=False, ended=True, warning="")
                assert verdict.taken == _stood(course, now, lag), (course, now, verdict)
                assert verdict.taken or verdict.said
                continue
        course.append((now, step.kind, step.what))


def _stood(course: list[tuple[float, str, str]], now: float, lag: float) -> bool:
    """Say by the course whether the last thing put stood painted, whole and unbroken, for long enough."""
    last, rendered, painted = "", False, -1.0
    for at, kind, what in course:
        if (kind == "put" and what != last) or kind == "hide":
            rendered, painted = False, -1.0
            last = what if kind == "put" else last
        elif kind == "rendered" and last:
            rendered = True
        elif kind == "painted" and rendered and painted < 0:
            painted = at
    return painted >= 0 and now - (painted + lag) >= STANDS


def standing(at: float = 0.0) -> Sight:
    sight = Sight()
    sight.put("q")
    sight.rendered()
    sight.painted(at)
    return sight


def test_a_frame_without_it_does_not_count() -> None:
    sight = Sight()
    sight.put("q")
    assert not sight.painted(1.0), "another widget's frame"
    assert sight.lacks(9.0)
    sight.rendered()
    assert sight.painted(10.0) and "0.3 s only" in sight.lacks(10.3) and not sight.lacks(10.5)


def test_what_the_terminal_has_not_taken_cannot_have_been_read() -> None:
    sight = Sight(lambda composed: None)
    sight.put("q")
    sight.rendered()
    sight.painted(1.0)
    assert sight.lacks(1e9)


@given(
    st.lists(st.tuples(st.sampled_from("y12"), st.floats(0.0, 2 * WITHIN)), min_size=1, max_size=8),
    st.booleans(),
)
def test_what_is_warned_of_takes_the_same_key_twice_in_time(presses: list[tuple[str, float]], ended: bool) -> None:
    reply, now, before = KeyJudge(standing()), 1.0, ("", -1.0)
    for key, wait in presses:
        now += wait
        verdict = reply.judge("q", key, now, harmless=False, ended=ended, warning="deletes files")
        again = before[0] == key and now - before[1] <= WITHIN
        assert verdict.taken == (ended and again)
        assert verdict.taken or ("once more" in verdict.said) == ended
        before = ("", -1.0) if verdict.taken or not ended else (key, now)


def test_the_second_key_must_be_for_the_same_question() -> None:
    reply = KeyJudge(standing())
    assert not reply.judge("q", "y", 1.0, harmless=False, ended=True, warning="deletes").taken
    assert not reply.judge("other", "y", 2.0, harmless=False, ended=True, warning="deletes").taken
    assert reply.armed_for("other") == "y" and reply.armed_for("q") == ""


def test_a_plain_no_needs_neither_the_end_nor_a_second_key_but_the_time() -> None:
    reply = KeyJudge(standing())
    assert not reply.judge("q", "n", STANDS - EPS, harmless=True, ended=False, warning="deletes").taken
    assert reply.judge("q", "n", STANDS + EPS, harmless=True, ended=False, warning="deletes").taken
