"""Why a command about a golden image is refused."""

from __future__ import annotations

from cockpit.model.commands.images import BuildImage, ImageCommand
from cockpit.model.names import fault_of_plain
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_image(command: ImageCommand) -> Refusal | None:
    match command:
        case BuildImage(name=name) if sentence := fault_of_plain(name):
            return Refusal(RefusalCode.BAD_NAME, sentence)
        case BuildImage(recipe=recipe, again=again) if recipe is not None:
            steps = [step.name for step in recipe.steps]
            unknown = next((name for name in again if name not in steps), None)
            if unknown is not None:
                sentence = f"the recipe has no step {unknown!r}; it has {', '.join(steps)}"
                return Refusal(RefusalCode.NO_STEP, sentence)
        case _:
            pass
    return None
