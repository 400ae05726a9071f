"""Golden images, from the palette: what there is, and building, patching and deleting one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from cockpit.model.commands.images import BuildImage, DeleteImage
from cockpit.model.dependants import dependants_of
from cockpit.model.images import GoldenImage, images_called, used_text
from cockpit.model.names import fault_of_plain
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, GuardedForm, Values, listed
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import Piece, age, content, fit
from cockpit.ui.widgets.row_list import Row

NAME_CELLS = 20
"""Cells of an image's name in a list of them."""


def _any_image(situation: Situation) -> str:
    return "" if situation.engine.golden.known else "there is no golden image: build one"


def _about(image: GoldenImage, now: float) -> Clean:
    """Say an image's age, what it takes, what is in it, and what it is for, in one line."""
    lived = age(now - image.created_at) if image.created_at else ours("?")
    versions = image.facts.versions if image.facts is not None else ()
    inside = ", ".join(f"{program} {version}" for program, version in versions)
    said = (
        our_line("{} old", lived),
        our_line("{} in use", used_text(image) or "?"),
        clean_line(inside) or ours("nothing is known of what is in it"),
        clean_line(image.description),
    )
    return joined((words for words in said if words), ours(" · "))


def _stale(home: HomePort, image: GoldenImage) -> list[Piece]:
    """Say in a piece why an image is stale; none if it is not."""
    reasons = home.engine.golden.stale(image)
    return [(our_line("stale: {}", "; ".join(reasons)), "$link-degraded")] if reasons else []


def _list(home: HomePort) -> None:
    known = home.engine.golden.known
    pieces: list[Piece] = []
    for image in known:
        newer = images_called(image.name, known) != (image,)
        pieces += [(our_line("{} ", image.name), "bold"), (our_line("{}", image.commit), "$muted")]
        pieces += [(ours("  a newer one has its name"), "$muted")] if newer else []
        pieces.append((our_line("\n  {}\n", _about(image, home.engine.now())), ""))
        for stale in _stale(home, image):
            pieces += [(ours("  "), ""), stale, (ours("\n"), "")]
        if image.facts is not None and image.facts.lacks:
            pieces.append((our_line("  lacks {}\n", ", ".join(image.facts.lacks)), "$link-degraded"))
        pieces.append((ours("\n"), ""))
    home.open_dialog(TextDialog(ours("Golden images"), content(pieces[:-1]), classes="wide"))


def _check_name(values: Values) -> str:
    return fault_of_plain(values["name"])


def _build(home: HomePort) -> None:
    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(BuildImage(values["name"], description=values["description"]))

    fields = (
        Field("name", ours("name"), placeholder=ours("base")),
        Field("description", ours("what for"), placeholder=ours("as the recipe says")),
    )
    intro = ours(
        "By the recipe (recipe.toml beside config.toml, else ours), on a VM of its own; a build that was left goes on."
    )
    home.open_dialog(GuardedForm(ours("Build golden image"), fields, _check_name, intro=intro), finish)


def _pick(home: HomePort, title: Clean, then: Callable[[HomePort, GoldenImage], None]) -> None:
    """Ask for one of the images, then do with it what the title says."""
    images = {str(image.commit): image for image in home.engine.golden.known}

    def rows(width: int) -> Sequence[tuple[Row, str]]:
        return [(Row(key, _line(home, image)), f"{image.name} {key}") for key, image in images.items()]

    def finish(chosen: str | None) -> None:
        if chosen is not None:
            then(home, images[chosen])

    home.open_dialog(PickDialog(title, rows, ours("no image")), finish)


def _line(home: HomePort, image: GoldenImage) -> Content:
    pieces: list[Piece] = [(fit(clean_line(image.name), NAME_CELLS), "bold"), (ours(" "), "")]
    pieces += [*_stale(home, image), (ours(" · "), "$muted")] if _stale(home, image) else []
    return content([*pieces, (_about(image, home.engine.now()), "$muted")])


def _patch(home: HomePort, image: GoldenImage) -> None:
    def finish(values: Values | None) -> None:
        if values is not None:
            again = listed(values["again"])
            home.command(BuildImage(image.name, base=image.commit, again=again, description=image.description))

    field = Field("again", ours("run again"), placeholder=ours("steps whose result is there, with commas between"))
    intro = our_line("A copy of {} gets the recipe's steps and becomes its successor.", image.name)
    home.open_dialog(GuardedForm(ours("Patch golden image"), (field,), intro=intro), finish)


def _delete(home: HomePort, image: GoldenImage) -> None:
    def finish(yes: bool | None) -> None:
        if yes:
            home.command(DeleteImage(image.commit))

    targets = [our_line("{} · commit {} · {}", image.name, image.commit, _about(image, home.engine.now()))]
    others = [one for one in home.engine.golden.known if one.commit != image.commit]
    hangs = "".join(f"{said}. " for said in dependants_of(image.commit, home.fleet, others))
    consequence = our_line("{}It cannot be undone; a recipe builds another one.", hangs)
    home.open_dialog(ConfirmDialog(ours("Delete golden image"), targets, consequence, word=image.name), finish)


ACTIONS: tuple[Action, ...] = (
    Action("image.list", "", "golden images", "Agents", "Say which golden images there are", _list, _any_image),
    Action(
        "image.build",
        "",
        "build golden image",
        "Agents",
        "Build a golden image by the recipe, or go on with a build that was left",
        _build,
        writes=True,
    ),
    Action(
        "image.patch",
        "",
        "patch golden image",
        "Agents",
        "Make the successor of a golden image",
        lambda home: _pick(home, ours("Patch golden image"), _patch),
        _any_image,
        writes=True,
    ),
    Action(
        "image.delete",
        "",
        "delete golden image",
        "Agents",
        "Delete a golden image for good",
        lambda home: _pick(home, ours("Delete golden image"), _delete),
        _any_image,
        writes=True,
        dangerous=True,
    ),
)
