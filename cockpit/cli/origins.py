"""Which commit a word means: an id or its beginning, a tag, a name, an image."""

from __future__ import annotations

from dataclasses import replace

from cockpit.cli.headless import nearest
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.accounts import CommitView
from cockpit.model.commands.life import Spawn
from cockpit.model.images import GoldenImage, images_called
from cockpit.model.names import looks_like_id

SHORTEST_PREFIX = 4
"""Characters of an id that are enough to mean it."""


async def commit_named(engine: HeadlessPort, text: str) -> CommitView:
    """Return the commit that an id, its beginning, a tag or a name means.

    Raises:
        NotFound: there is none.
        UsageError: several are meant; says which.
    """
    listed = await engine.platform.commits()
    commits = listed.commits
    beginning = text.lower() if len(text) >= SHORTEST_PREFIX else "\0"
    for meant in (
        [commit for commit in commits if commit.id == text.lower()],
        [commit for commit in commits if text in commit.tags],
        [commit for commit in commits if commit.name == text],
        [commit for commit in commits if commit.id.startswith(beginning)],
    ):
        if len(meant) > 1:
            raise UsageError(f"{text} means {len(meant)} commits", hint=", ".join(commit.id for commit in meant[:5]))
        if meant:
            return meant[0]
    why = f"; {listed.missing[0]}" if listed.missing else ""
    known = [name for commit in commits for name in (*commit.tags, commit.name) if name]
    raise NotFound(f"there is no commit {text}{why}", hint=nearest(text, known))


async def image_named(engine: HeadlessPort, text: str) -> GoldenImage:
    """Return the image that a name or an id means: of several of one name the newest.

    Raises:
        NotFound: there is none.
        UsageError: a part of an id fits several.
    """
    images = await engine.golden.look()
    found = images_called(text, images)
    if len(found) > 1:
        raise UsageError(f"{text!r} fits several images: {', '.join(image.commit for image in found)}")
    if not found:
        raise NotFound(f"there is no image {text!r}", hint=nearest(text, (image.name for image in images)))
    return found[0]


async def with_commit(engine: HeadlessPort, spawn: Spawn) -> Spawn:
    """Return a command with the id of the commit its image means: an image by its name, else any commit by a tag.

    `ORGANISATION/REPOSITORY:TAG` is a public one, of anybody.

    Raises:
        NotFound: nothing has that name.
        UsageError: several are meant.
    """
    if not spawn.image or looks_like_id(spawn.image):
        return spawn
    if "/" in spawn.image:
        return replace(spawn, image=await engine.platform.public_tag(spawn.image))
    try:
        return replace(spawn, image=(await image_named(engine, spawn.image)).commit)
    except NotFound as unknown:
        try:
            return replace(spawn, image=(await commit_named(engine, spawn.image)).id)
        except NotFound:
            raise unknown from None
