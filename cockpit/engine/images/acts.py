"""What can be done with golden images: build, describe, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cockpit.engine.images.builder import ImageBuilder
from cockpit.engine.images.description import described, image_of
from cockpit.engine.images.tagging import untag
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.model.commands.images import BuildImage, DeleteImage, DescribeImage, ImageCommand
from cockpit.model.ids import CommitId


class ImageActs:
    """Carries out the commands about images."""

    def __init__(self, source: Source, builder: ImageBuilder, changed: Callable[[], Awaitable[None]]) -> None:
        """Prepare.

        Args:
            source: whose images they are.
            builder: builds them.
            changed: hears that the list of images is another one now.
        """
        self._source = source
        self._builder = builder
        self._changed = changed

    async def carry_out(self, command: ImageCommand, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            CockpitError: it failed; the operation shows at which step.
        """
        match command:
            case BuildImage():
                await self._builder.build(command, progress)
            case DescribeImage():
                await self._describe(command, progress)
            case DeleteImage(image=image):
                await self._delete(image, progress)
        await self._changed()

    async def _delete(self, image: CommitId, progress: OperationProgress) -> None:
        record = await self._source.vers.commits.one(image)
        with progress.step("delete the commit"):
            await self._source.vers.commits.delete(image)
        with progress.step("tag"):
            progress.detail(await untag(self._source.vers, record.name, image))

    async def _describe(self, command: DescribeImage, progress: OperationProgress) -> None:
        with progress.step("describe"):
            record = await self._source.vers.commits.one(command.image)
            image = image_of(record.id, record.name, record.created_at, record.description)
            text = described(command.description, image.facts) if image.facts is not None else command.description
            await self._source.vers.commits.change(command.image, description=text)
            progress.detail(command.description)
