"""The newest events: each once, and reports of what is used are summed up and push nothing else out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.engine.news import FEED_KEPT, REPORTS_KEPT, News
from cockpit.model.board import FeedItem
from cockpit.model.news.folding import dollars_of, tokens_of


def report(number: int, tokens: int, agent: str = "ada") -> FeedItem:
    """Return a report of tokens."""
    return FeedItem(f"r{number}", agent, "token_update", f"{tokens} tokens", number, f'{{"tokensThisTurn": {tokens}}}')


def test_a_flood_of_reports_pushes_no_news_out() -> None:
    news = News()
    news.take([FeedItem("q", "ada", "question", "which bird?", 1.0)])
    for number in range(FEED_KEPT * 3):
        assert news.take([report(number, 10)])
        assert not news.take([report(number, 10)]), "it is known, also when it is no longer kept"
    assert "q" in news.items and len(news.items) == 1 + REPORTS_KEPT
    assert list(news.items)[-1] == f"r{FEED_KEPT * 3 - 1}"
    assert news.sums.by_agent["ada"].tokens == FEED_KEPT * 3 * 10
    assert news.sums.by_agent["ada"].events == FEED_KEPT * 3


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60))
def test_any_order_keeps_each_once_in_the_order_of_arrival(course: list[tuple[bool, int]]) -> None:
    news = News()
    came: list[str] = []
    total = 0
    for is_report, number in course:
        item = report(number, 1) if is_report else FeedItem(f"n{number}", "bob", "custom", "", 0.0)
        if item.id not in came:
            came.append(item.id)
            total += is_report
        news.take([item])
    assert list(news.items) == came
    assert sum(one.tokens for one in news.sums.by_agent.values()) == total


def test_what_a_report_says_is_read_from_its_detail_or_its_words() -> None:
    def tokens(summary: str, detail: str = "") -> int:
        return tokens_of(FeedItem("1", "a", "token_update", summary, 0.0, detail))

    def dollars(summary: str, detail: str = "") -> float | None:
        return dollars_of(FeedItem("1", "a", "cost_update", summary, 0.0, detail))

    assert (tokens("2500 tokens"), tokens("1,540 tokens"), tokens("many")) == (2500, 1540, 0)
    assert tokens("9 tokens", '{"tokensThisTurn": 7, "totalTokens": 88}') == 7
    assert tokens("9 tokens", '{"tokensThisTurn": -7}') == 9
    assert tokens("9 tokens", "[" * 100_000) == 9
    assert dollars("$1.42 spent in sprint-1") == 1.42
    assert dollars("$1 so far", '{"usd": 1.5}') == 1.5
    assert (dollars("a lot"), dollars("$1,200.50")) == (None, 1200.5)


@given(st.text(), st.text())
def test_any_words_are_read_without_a_failure(summary: str, detail: str) -> None:
    item = FeedItem("1", "a", "token_update", summary, 0.0, detail)
    assert tokens_of(item) >= 0
    assert (dollars_of(item) or 0.0) >= 0
