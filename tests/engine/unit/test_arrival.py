"""What is done on a VM before its agent starts, and what is said once it runs: each only where it is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from cockpit.agents.adapter import Program
from cockpit.agents.scaffold.scripts import BEGIN, END
from cockpit.engine.commands.arrival import HOST_KEYS, bootstrap, image_words, own_host_keys
from cockpit.engine.commands.check_in import STARTED, CheckIn
from cockpit.engine.commands.preparation import prepare
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Services, Source
from cockpit.model.board import FeedItem
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import OperationId
from cockpit.model.recipe import Recipe, RecipeStep, StepScope
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.connection import Connection
from cockpit.services.errors import ServiceError
from cockpit.services.feed import FeedClient
from tests.engine.unit.parts import AGENT, VM, Parts, agent_on

OLD, NEW = "ssh-ed25519 AAAAold", "ssh-ed25519 AAAAnew"
PI = Program("pi", "", lambda spawn, file, again: ["pi"], command="pi")


class Shell:
    """A VM whose scripts end as a test says, and that is told apart by what stands in them."""

    def __init__(self, answer: Callable[[str, tuple[str, ...]], Completed]) -> None:
        self.answer = answer
        self.ran: list[str] = []

    async def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float) -> Completed:
        """Answer."""
        self.ran.append(script)
        return self.answer(script, arguments)


class Keys:
    """Trusted host keys."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)

    def known(self, identity: str) -> tuple[str, ...]:
        """Return them."""
        return tuple(self.keys)

    def trust(self, identity: str, key: str) -> None:
        """Add one."""
        self.keys.append(key)

    def distrust(self, identity: str) -> None:
        """Forget them."""
        self.keys.clear()


def ended(code: int, out: str = "") -> Completed:
    return Completed(code, out.encode(), b"why")


def progress_of(parts: Parts) -> OperationProgress:
    return OperationProgress(parts.state, OperationId("one"), "spawn", "builder")


def steps_of(progress: OperationProgress) -> list[tuple[str, str]]:
    return [(step.name, step.detail) for step in progress.operation.steps]


@pytest.mark.parametrize(
    ("code", "out", "trusted", "said"),
    [
        (0, f"{NEW} root@vm\nssh-rsa AAAAr root@vm\n", [NEW, "ssh-rsa AAAAr"], "made anew, and trusted"),
        (0, f"{OLD} root@vm\n", [OLD], "it has them"),
        (0, "", [OLD], "its image does not make them: they are those of every copy"),
        (0, "<html>\n", [OLD], "its image does not make them: they are those of every copy"),
        (1, f"{NEW} x\n", [OLD], "not made: why"),
    ],
)
async def test_a_copy_s_own_host_keys_are_trusted_since_it_told_them_itself(
    code: int, out: str, trusted: list[str], said: str
) -> None:
    parts, keys = Parts(), Keys(OLD)
    progress = progress_of(parts)
    await own_host_keys(parts.source(), keys, Shell(lambda script, words: ended(code, out)), VM, progress)
    assert keys.keys == trusted
    assert steps_of(progress) == [("host keys of its own", said)]


async def test_a_sandbox_is_not_asked_for_host_keys() -> None:
    parts, shell = Parts(), Shell(lambda script, words: ended(0, NEW))
    source = replace(parts.source(), shares_host=True)
    await own_host_keys(source, Keys(OLD), shell, VM, progress_of(parts))
    assert HOST_KEYS not in shell.ran


class Written:
    """A connection that takes files."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def run(self, script: str, *arguments: str, timeout: float) -> Completed:
        """End well."""
        self.ran.append(script)
        return ended(0)

    async def write_file(self, path: str, content: bytes, *, mode: int) -> None:
        """Take it."""


def recipe() -> Recipe:
    return Recipe(
        steps=(
            RecipeStep(name="programs", check="check one", run="run one", bootstrap=True),
            RecipeStep(name="extras", check="check two", run="run two"),
            RecipeStep(name="git", check="check three", run="run three", bootstrap=True),
            RecipeStep(name="out", check="true", run="true", scope=StepScope.HOME, clears_secrets=True),
        )
    )


def bare_vm(*programs: str) -> Shell:
    """Return a VM with some programs, on which every step of a recipe can be done."""
    done: set[str] = set()
    facts = "\n".join([BEGIN, *(f"has_{name}=/usr/bin/{name}" for name in programs), "path=/usr/bin", END, ""])

    def answer(script: str, words: tuple[str, ...]) -> Completed:
        if script.startswith("check "):
            return ended(0 if script in done or script == "check three" else 1)
        if "inner=" in script:
            done.add("check one")
            return ended(0, "begun")
        return ended(0, "ended 0\n" if "tries=0" in script else facts)

    return Shell(answer)


async def test_a_bare_vm_is_made_ready_by_the_recipe_and_a_ready_one_left_alone() -> None:
    parts = Parts()
    source: Source = replace(parts.source(), recipe=recipe)
    progress = progress_of(parts)
    assert await bootstrap(source, PI, bare_vm("tmux"), VM, "", progress) is None, "it is to be asked again"
    assert [name for name, _ in steps_of(progress)] == [
        "look for what it needs",
        "bootstrap: programs",
        "bootstrap: git",
    ]
    assert [detail for _, detail in steps_of(progress)][1:] == ["done", "present"]
    ready = bare_vm("tmux", "pi")
    progress = progress_of(parts)
    facts = await bootstrap(source, PI, ready, VM, "", progress)
    assert steps_of(progress) == [("look for what it needs", "present")]
    assert len(ready.ran) == 1
    connection = Written()
    spawn = Spawn("ada", AgentKind.WORKER)
    assert await prepare(cast(Connection, connection), spawn, PI, VM, source, facts=facts) is facts
    assert connection.ran == ['mkdir -p -m 700 -- "$@"'], "it is asked once what it has"


async def test_where_vms_share_the_host_nothing_is_bootstrapped() -> None:
    parts, shell = Parts(), bare_vm()
    await bootstrap(replace(parts.source(), recipe=recipe, shares_host=True), PI, shell, VM, "", progress_of(parts))
    assert shell.ran == []


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ('{"name":"base","number":2,"recipe":"ab12"}', "image base, number 2, by recipe ab12"),
        ("", ""),
        ("[1]", ""),
        ('{"name":"base"}', ""),
        ("[" * 3000, ""),
    ],
)
async def test_a_vm_says_which_image_it_has_and_garbage_says_nothing(note: str, said: str) -> None:
    assert await image_words(Shell(lambda script, words: ended(0, note))) == said


class Feed:
    """A feed that holds what was published, and what an extension says later."""

    def __init__(self) -> None:
        self.items: list[FeedItem] = []
        self.broken = False

    def add(self, summary: str) -> None:
        """Have somebody say something."""
        self.items.append(FeedItem(f"{len(self.items)}", "builder", STARTED, summary, 0.0))

    async def list_events(self, *, agent: str = "", kind: str = "") -> tuple[FeedItem, ...]:
        """Return what there is."""
        if self.broken:
            raise ServiceError("the feed is gone")
        return tuple(item for item in self.items if (item.agent, item.kind) == (agent, kind))

    async def publish(self, agent: str, kind: str, summary: str, *, metadata: dict[str, str]) -> None:
        """Add an event."""
        assert metadata == {"vmId": VM, "by": "cockpit"}
        if self.broken:
            raise ServiceError("the feed is gone")
        self.add(summary)


async def checked_in(feed: Feed, *, extension: bool, says_after: float | None) -> str:
    parts = Parts()
    services = cast(Services, parts.source().services)
    source = replace(parts.source(), services=replace(services, feed=cast(FeedClient, feed)))
    check_in, progress = CheckIn(source, "builder"), progress_of(parts)
    if extension:
        await check_in.expect()
    if says_after is not None:
        asyncio.get_running_loop().call_later(says_after, feed.add, "Agent builder started processing")
        await asyncio.sleep(1.0)  # It takes so long to start.
    with progress.step("check in"):
        await check_in.settle(replace(agent_on(), id=AGENT), progress)
    return progress.operation.steps[-1].detail


async def test_the_agent_s_own_word_counts_where_its_extension_says_it() -> None:
    feed = Feed()
    feed.add("an earlier start of one of its name")
    assert await checked_in(feed, extension=True, says_after=0.5) == "its own: Agent builder started processing"
    assert len(feed.items) == 2, "nothing is said twice"


async def test_without_its_own_word_ours_is_said_and_why() -> None:
    began, feed = asyncio.get_running_loop().time(), Feed()
    assert await checked_in(feed, extension=False, says_after=None) == "ours: no extension of its says it"
    assert asyncio.get_running_loop().time() == began, "nobody is waited for"
    assert await checked_in(feed, extension=True, says_after=5.0) == "ours: its extension speaks later"
    assert asyncio.get_running_loop().time() < began + 1.1, "nor is it waited for, which may never be prompted"
    assert [item.summary for item in feed.items[:2]] == ["builder started"] * 2


async def test_a_feed_that_is_gone_fails_no_spawn() -> None:
    feed = Feed()
    feed.broken = True
    assert await checked_in(feed, extension=True, says_after=None) == "not said: the feed is gone"
