"""The demonstration's story: who works on what, told as prompts and as what the scripted agents do with them.

A small team builds `shortly`, a link shortener. The tools are real: files are written and commands run in each agent's
own sandbox. What the agents say and think is fixed text, and they are labelled scripted wherever they appear.
"""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.fleet import AgentKind


@dataclass(frozen=True, slots=True)
class CastMember:
    """One agent of the story."""

    name: str
    kind: AgentKind
    role: str
    parent: str = ""
    labels: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    """Sent one after the other, each when the one before is done."""


@dataclass(frozen=True, slots=True)
class StoryTask:
    """One task of the story's board."""

    title: str
    assignee: str
    description: str
    status: str = "open"
    tags: tuple[str, ...] = ()


CAST = (
    CastMember(
        "atlas",
        AgentKind.ARCHITECT,
        "plans shortly and splits the work",
        prompts=("Plan the link shortener and say who does what.", "Watch the build and tell me when something waits."),
    ),
    CastMember(
        "forge",
        AgentKind.LIEUTENANT,
        "backend: storage, API, limits",
        parent="atlas",
        prompts=(
            "Build the HTTP API for creating and resolving links.",
            "Wire the limiter in and measure it under load.",
            "Run the whole suite and fix what is red.",
        ),
    ),
    CastMember(
        "quill",
        AgentKind.LIEUTENANT,
        "tests, docs and the release",
        parent="atlas",
        prompts=("Prepare the first release of shortly.",),
    ),
    CastMember(
        "store-1",
        AgentKind.WORKER,
        "link storage",
        parent="forge",
        labels=("storage",),
        prompts=("Write the SQLite link store with expiry.",),
    ),
    CastMember(
        "limit-1",
        AgentKind.WORKER,
        "rate limiting",
        parent="forge",
        labels=("api",),
        prompts=("Add a sliding-window rate limit per client.",),
    ),
    CastMember(
        "docs-1",
        AgentKind.WORKER,
        "usage guide",
        parent="quill",
        labels=("docs",),
        prompts=("Write the usage guide with curl examples.",),
    ),
)
"""Who appears, in order of appearance."""

BOARD = (
    StoryTask(
        "Link store with expiry", "store-1", "SQLite, one table, expired links answer 410.", "in_progress", ("p1",)
    ),
    StoryTask("HTTP API: create and resolve", "forge", "POST /links, GET /{code}.", "in_progress", ("p0",)),
    StoryTask("Rate limit per client", "limit-1", "Sliding window, 60 a minute, Retry-After.", "open", ("p1",)),
    StoryTask("Usage guide", "docs-1", "Every endpoint with a curl line.", "open", ("docs",)),
    StoryTask("Cut release 0.1", "quill", "Changelog, tag, artifact.", "open", ("release",)),
    StoryTask("Pick the code alphabet", "atlas", "No look-alikes: leave out 0, O, 1, l.", "done"),
)
"""The board as the story begins."""

STORE = """import sqlite3, time


class LinkStore:
    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path)
        self.db.execute("create table if not exists links (code text primary key, url text, expires real)")

    def put(self, code: str, url: str, ttl: float) -> None:
        self.db.execute("insert into links values (?, ?, ?)", (code, url, time.time() + ttl))

    def get(self, code: str) -> str | None:
        row = self.db.execute("select url, expires from links where code = ?", (code,)).fetchone()
        return row[0] if row and row[1] > time.time() else None
"""

SUITE = (
    "for case in create resolve expiry unknown conflict limit retry_after head redirect unicode; do "
    'echo "tests/test_api.py::test_$case PASSED"; sleep 1; done; echo "10 passed in 10.2s"'
)

PROBES = ("Try every route from outside.", "Try what an expired link answers.")
"""What the architect gives the workers that it makes itself, over the API of the platform."""

SCRIPT = {
    "Plan the link shortener and say who does what.": (
        "[feed agent_started atlas plans shortly]"
        "[think The service is small. Storage and API can go in parallel once the code alphabet is fixed; the rate limit "
        "hangs on the API, the guide on both. I want the release last, with the operator's word on the version.]"
        "[write PLAN.md | # shortly\n\n1. link store with expiry (store-1)\n2. HTTP API (forge)\n3. rate limit (limit-1)\n"
        "4. usage guide (docs-1)\n5. release 0.1 (quill)]"
        "[feed task_completed Plan written, five tasks handed out]"
        "[say The plan stands in PLAN.md. forge owns the backend with store-1 and limit-1, quill owns tests, docs and the "
        "release with docs-1. The code alphabet is settled: 56 characters without look-alikes.]"
    ),
    "Watch the build and tell me when something waits.": (
        '[bash for s in storage api limiter guide release; do echo "checked $s"; sleep 5; done]'
        "[think Storage is in. The limiter met an overloaded provider twice and went on by itself. The release waits for "
        "a decision that is not mine.]"
        "[bash cat PLAN.md]"
        "[think Before the release somebody should try it who did not build it. I make two workers for that myself.]"
        f"[swarm probe-1: {PROBES[0]} || probe-2: {PROBES[1]}]"
        "[say Storage and API are on track. What waits is quill's question about the version, and docs-1 wants to know "
        "whether the guide may be published.]"
    ),
    "Build the HTTP API for creating and resolving links.": (
        "[feed task_started HTTP API: create and resolve]"
        "[think Two routes. Creating validates the URL and returns 201 with the code; resolving answers 301, or 410 when "
        "the link has expired. I start with the handler and a test for each.]"
        "[write api.py | def create(store, url, ttl=86400):\n    code = new_code()\n    store.put(code, url, ttl)\n"
        "    return 201, {'code': code}\n\n\ndef resolve(store, code):\n    url = store.get(code)\n"
        "    return (301, url) if url else (410, 'gone')]"
        f"[bash {SUITE}]"
        "[edit api.py | return 201, {'code': code} | return 201, {'code': code, 'expires': ttl}]"
        "[task-note in_review | Both routes work, ten tests green. Please look at the 410 for expired links.]"
        "[feed finding Expired links answer 410, unknown ones 404]"
        "[say Both routes are in and covered by ten tests:\n\n- `POST /links` answers 201 with the code\n"
        "- `GET /{code}` answers 301, or 410 once the link has expired\n\nNext I wire the limiter in.]"
    ),
    "Wire the limiter in and measure it under load.": (
        "[think The limiter is a pure function, so it sits in front of create only. Resolving stays unlimited.]"
        "[edit api.py | def create(store, url, ttl=86400): | @limited(per_minute=60)\ndef create(store, url, ttl=86400):]"
        '[bash for n in 1 2 3 4 5 6 7 8; do echo "load step $n: $((n * 250)) requests/s, p99 $((n / 2 + 2)).$n ms"; '
        "sleep 1.5; done]"
        "[say With the limiter in front of `POST /links` the p99 stays at 6 ms up to 2,000 requests a second.]"
    ),
    "Run the whole suite and fix what is red.": (
        f"[bash {SUITE}] [think All green after the merge, nothing to fix.]"
        "[say Everything is green after the limiter was merged. Ready for the release.]"
    ),
    "Prepare the first release of shortly.": (
        "[feed task_started Cut release 0.1]"
        "[task-note in_progress]"
        "[think The changelog writes itself from the board. One thing I should not decide alone: whether this is 0.1.0 or "
        "already 1.0.0, since the API is what people will build on.]"
        "[write CHANGELOG.md | # Changelog\n\n## Unreleased\n\n- create and resolve links\n- links expire\n"
        "- sliding-window rate limit]"
        "[feed question Which version shall the first release have?]"
        "[ask select Which version shall I tag? | 0.1.0 | 1.0.0 | not yet]"
        "[task-note in_progress | Version decided by the operator, changelog is ready.]"
        "[say Thank you. I prepare the tag and the notes accordingly, and wait for the last green run before I publish.]"
    ),
    "Write the SQLite link store with expiry.": (
        "[feed task_started Link store with expiry]"
        "[think One table is enough. Expiry is checked on read, so no sweeper is needed for correctness.]"
        f"[write store.py | {STORE}]"
        '[bash for n in $(seq 1 24); do echo "insert batch $n of 24: 5000 rows"; sleep 0.7; done; '
        "echo 'p99 lookup 0.31 ms over 120000 links']"
        "[task-note done | store.py is in, p99 lookup 0.31 ms over 120,000 links.]"
        "[feed task_completed Link store with expiry]"
        "[say The store holds 120,000 links with a p99 lookup of 0.31 ms. Expired links are treated as absent on read.]"
    ),
    "Add a sliding-window rate limit per client.": (
        "[feed task_started Rate limit per client]"
        "[task-note in_progress]"
        "[fail 2]"
        "[think A deque of timestamps per client: drop what is older than the window, refuse when sixty are left, and tell "
        "the client when the oldest one falls out.]"
        "[write limiter.py | WINDOW, MOST = 60.0, 60\n\n\ndef allowed(stamps, now):\n    while stamps and stamps[0] <= now - WINDOW:\n"
        "        stamps.popleft()\n    if len(stamps) >= MOST:\n        return False, stamps[0] + WINDOW - now\n"
        "    stamps.append(now)\n    return True, 0.0]"
        '[bash for n in 10 20 30 40 50 60; do echo "$n requests: allowed"; sleep 0.8; done; '
        "echo '61 requests: refused, Retry-After 54'; exit 3]"
        "[think Exit 3 is my own script: it counts the refusal as a failure. It should expect it.]"
        '[bash for n in 10 20 30 40 50 60; do echo "$n requests: allowed"; sleep 0.4; done; '
        "echo '61 requests: refused as expected']"
        "[task-note in_review | Works. The provider was overloaded twice on the way, nothing was lost.]"
        "[say The limiter works and says when to come back. I hand over to forge.]"
    ),
    PROBES[0]: (
        "[feed task_started Trying the routes from outside]"
        '[bash for r in "POST /links" "GET /k7Qm" "GET /nope" "HEAD /k7Qm"; do echo "$r: as described"; sleep 1; done]'
        "[say Every route answers as the guide describes it, unknown codes with 404.]"
    ),
    PROBES[1]: (
        "[feed task_started Trying expired links]"
        "[think One link with a second to live, asked for before and after.]"
        '[bash echo "before: 301"; sleep 2; echo "after: 410 gone"]'
        "[say An expired link answers 410, as it should.]"
    ),
    "Write the usage guide with curl examples.": (
        "[feed task_started Usage guide]"
        "[task-note in_progress]"
        "[think Three examples carry the guide: create, follow, and what an expired link looks like.]"
        "[write GUIDE.md | # Using shortly\n\n    curl -d url=https://example.org localhost:8080/links\n"
        "    curl -i localhost:8080/k7Qm\n\nExpired links answer `410 Gone`.]"
        '[bash for n in 1 2 3 4 5 6; do echo "checking example $n"; sleep 1.2; done; grep -n curl GUIDE.md; wc -w GUIDE.md]'
        "[ask confirm Publish the guide to the team wiki? | It can be changed later.]"
        "[task-note in_review | The guide covers create, resolve and expiry.]"
        "[feed task_completed Usage guide]"
        "[say The guide has every endpoint with a curl line. I keep the wiki in step with it.]"
    ),
}
"""What each prompt makes its agent do, in the scripted agent's own directives."""
