"""The verbs about the feed: its events listed and followed, one published, what its server counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, silent
from cockpit.cli.rehearsal import rehearse
from cockpit.cli.signals import while_somebody_reads
from cockpit.cli.since import moment_of
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused
from cockpit.model.ages import age_text, span_text
from cockpit.model.board import USAGE_KINDS, FeedItem
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.news.folding import UsageSum, sums_of
from cockpit.model.news.port import Freshness
from cockpit.text.sanitize import clean_line, clean_text, our_line, our_text
from cockpit.text.streams import flush_output, say, warn

TURN = 0.25
"""Seconds between two looks at what came, while it is followed."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are printed."""

    agents: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    since: float = 0.0

    def fits(self, item: FeedItem) -> bool:
        """Say whether an event is wanted."""
        text = f"{item.agent}\n{item.kind}\n{item.summary}\n{item.detail}".casefold()
        return (
            (not self.agents or item.agent in self.agents)
            and (not self.kinds or item.kind in self.kinds)
            and all(word in text for word in self.words)
            and item.at >= self.since
        )

    def folds(self, item: FeedItem) -> bool:
        """Say whether an event is summed up: a report of tokens or cost that was not asked for by its type."""
        return item.kind in USAGE_KINDS and item.kind not in self.kinds


async def feed(headless: Headless, wanted: EventFilter, since: str, limit: int, *, follow: bool, as_json: bool) -> int:
    """Print the newest events, and those that come if they are followed; reports of tokens and cost as sums."""
    with while_somebody_reads():
        async with _with_feed(headless, watch=follow) as engine:
            if since:
                wanted = EventFilter(wanted.agents, wanted.kinds, wanted.words, moment_of(since, engine.now()))
            past = [item for item in await engine.coordination.feed.events() if wanted.fits(item)]
            shown = [item for item in past if not wanted.folds(item)][-limit:] if limit else []
            sums = sums_of(item for item in past if wanted.folds(item))
            if as_json and not follow:
                output.print_json({"events": [_object(i) for i in shown], "usage": [_sum_object(one) for one in sums]})
                return ExitCode.DONE
            _print(shown, engine.now(), as_json)
            if not as_json:
                _print_sums(sums, engine.now())
            if follow:
                await _follow(engine, wanted, {item.id for item in past}, as_json)
    return ExitCode.DONE


def _with_feed(headless: Headless, *, watch: bool = False) -> Any:
    return headless.engine(nobody, watch=watch)


async def _follow(engine: HeadlessPort, wanted: EventFilter, seen: set[str], as_json: bool) -> None:
    """Print what comes, for good; each change of the stream is said on standard error."""
    state: tuple[Freshness, str] | None = None
    began = engine.now()
    while True:
        revision = engine.revision
        for link in engine.coordination.feed.links[:1]:
            if (link.state, link.reason) != state:
                state = (link.state, link.reason)
                since = f" since {span_text(engine.now() - link.since)}" if link.state is Freshness.STALE else ""
                reason = f": {link.reason}" if link.reason else ""
                warn(our_text("cockpit: the feed is {}{}{}", link.state.value, since, reason))
        fresh = [item for item in engine.fleet.feed if item.id not in seen]
        seen.update(item.id for item in fresh)
        _print(
            [item for item in fresh if wanted.fits(item) and not wanted.folds(item) and item.at >= began - 60.0],
            engine.now(),
            as_json,
        )
        flush_output()
        await engine.until(_changed(engine, revision), timeout=60.0)


def _changed(engine: HeadlessPort, revision: int) -> Callable[[], bool]:
    return lambda: engine.revision != revision


def _object(item: FeedItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "at": item.at,
        "agent": item.agent,
        "type": item.kind,
        "summary": item.summary,
        "detail": item.detail,
        "task": item.task or None,
    }


def _sum_object(one: UsageSum) -> dict[str, Any]:
    return {"agent": one.agent, "reports": one.events, "tokens": one.tokens, "cost": one.cost, "at": one.at}


def _print(items: Iterable[FeedItem], now: float, as_json: bool) -> None:
    for item in items:
        if as_json:
            say(clean_line(json.dumps(_object(item), ensure_ascii=True).replace("\x7f", "\\u007f")))
        else:
            age = age_text(max(0.0, now - item.at)) if item.at else "?"
            say(our_line("{:>4}  {:<14} {:<15} {}", age, item.agent[:40], item.kind[:40], item.summary))


def _print_sums(sums: Iterable[UsageSum], now: float) -> None:
    for one in sums:
        cost = f", ${one.cost:.2f}" if one.cost is not None else ""
        age = age_text(max(0.0, now - one.at)) if one.at else "?"
        say(our_line("{:>4}  {:<14} {} reports: {} tokens{}", age, one.agent[:40], one.events, one.tokens, cost))


async def publish(headless: Headless, command: PublishEvent, dry_run: bool, as_json: bool) -> int:
    """Put an event on the feed."""
    async with _with_feed(headless) as engine:
        what = our_line("publish {}: {}", command.kind, command.summary)
        if dry_run:
            return rehearse(engine, command, what, as_json)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot publish: {refused}")
        known = {item.id for item in engine.fleet.feed}
        if say_failed(await carry_out_all(engine, [command])):
            return ExitCode.FAILED
        made = next((item for item in reversed(engine.fleet.feed) if item.id not in known), None)
        if as_json:
            output.print_json(_object(made) if made is not None else None)
        elif made is not None:
            say(clean_line(made.id))
    return ExitCode.DONE


async def statistics(headless: Headless, as_json: bool) -> int:
    """Print what the server counts over the events it keeps."""
    async with _with_feed(headless) as engine:
        if not engine.coordination.places:
            trouble = silent(engine, "feed")
            raise Refused(trouble.reason if trouble is not None else "no feed is configured")
        told = await engine.coordination.feed.statistics()
        if as_json:
            output.print_json(
                {
                    "total": told.total,
                    "by_agent": dict(told.by_agent),
                    "by_type": dict(told.by_kind),
                    "latest": {name: _object(item) for name, item in told.latest.items()},
                }
            )
            return ExitCode.DONE
        say(our_line("{} events", told.total))
        kinds = sorted(told.by_kind.items(), key=lambda pair: (-pair[1], pair[0]))
        output.print_table(("TYPE", "EVENTS"), [(kind, f"{number}") for kind, number in kinds])
        rows = []
        for name, number in sorted(told.by_agent.items(), key=lambda pair: (-pair[1], pair[0])):
            item = told.latest.get(name)
            last = age_text(max(0.0, engine.now() - item.at)) if item is not None and item.at else "-"
            rows.append((name, f"{number}", last, item.summary if item is not None else ""))
        say(clean_text(""))
        output.print_table(("AGENT", "EVENTS", "LAST", "SAID"), rows)
    return ExitCode.DONE
