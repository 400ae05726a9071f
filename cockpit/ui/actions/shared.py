"""What the services keep beside board and feed, and the link into their dashboard."""

from __future__ import annotations

from textual.app import App

from cockpit.errors import CockpitError
from cockpit.model.ages import span_text
from cockpit.model.shared.link import MagicLink
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.shared.dialog import SharedDialog
from cockpit.ui.look.cells import Piece, content


def _needs_services(situation: Situation) -> str:
    return "" if situation.engine.coordination.places else "no services are configured: `cockpit infra` makes them"


def _records(home: HomePort) -> None:
    home.open_dialog(SharedDialog(home.engine, home.agent, read_only=home.read_only))


def _link(home: HomePort) -> None:
    async def asked() -> None:
        try:
            link = await home.engine.coordination.link.ask()
        except CockpitError as error:
            home.warn(clean_text(str(error)), title=ours("Dashboard"))
            return
        _show(home.app, link)

    home.app.run_worker(asked(), name="ask for a link", group="link", exclusive=True)


def _show(app: App[object], link: MagicLink) -> None:
    app.copy_to_clipboard(clean_line(link.url))
    pieces: list[Piece] = [
        (our_line("{}\n\n", link.url), "bold"),
        (our_line("It is copied. It lets one browser in, once, and ends in {}.\n", span_text(link.seconds)), ""),
        (our_line("After that, the dashboard is at {}", link.dashboard), "$muted"),
    ]
    app.push_screen(TextDialog(ours("Dashboard"), content(pieces), classes="wide"))


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.shared",
        "number_sign",
        "shared records",
        "See",
        "Look at skills, registry, log, journal, reports and ledger, and write into them",
        _records,
        _needs_services,
    ),
    Action(
        "see.link",
        "V",
        "dashboard",
        "See",
        "Ask for a link that lets a browser into the dashboard of the services, and copy it",
        _link,
        _needs_services,
    ),
)
