"""The tag of an image: `NAME:latest` in a repository of its name, so that any client can restore it without its id."""

from __future__ import annotations

import logging

from cockpit.errors import CockpitError
from cockpit.model.ids import CommitId
from cockpit.vers.client import VersClient
from cockpit.vers.errors import ResourceNotFound

log = logging.getLogger(__name__)

LATEST = "latest"


async def tag_latest(vers: VersClient, name: str, commit_id: CommitId) -> str:
    """Let the tag name an image, and say so, or why not: an image without a tag is one all the same."""
    try:
        try:
            await vers.repositories.one(name)
        except ResourceNotFound as missing:
            if not missing.own:
                return "none: there are no repositories here"
            await vers.repositories.create(name)
        tags = vers.repositories.tags(name)
        try:
            await tags.one(LATEST)
        except ResourceNotFound:
            await tags.create(LATEST, commit_id)
        else:
            await tags.move(LATEST, commit_id)
    except CockpitError as error:
        log.warning("image %s has no tag: %s", name, error)
        return f"none: {error.message}"
    return f"{name}:{LATEST}"


async def untag(vers: VersClient, name: str, commit_id: CommitId) -> str:
    """Remove the tag of an image that is gone, and say so; a tag that names another one stays."""
    try:
        tags = vers.repositories.tags(name)
        if (await tags.one(LATEST)).commit_id != commit_id:
            return "it names another image"
        await tags.delete(LATEST)
    except ResourceNotFound:
        return "it had none"
    except CockpitError as error:
        log.warning("the tag of image %s stays: %s", name, error)
        return f"stays: {error.message}"
    return f"{name}:{LATEST} is gone, too"
