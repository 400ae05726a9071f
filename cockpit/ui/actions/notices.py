"""Actions about how the operator is called who looks elsewhere."""

from __future__ import annotations

import os

from cockpit.text.clean import joined, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.terminal.calling import desktop_sequence
from cockpit.ui.widgets.notice import notice


def _test(home: HomePort) -> None:
    """Call at once by all means, and say which they are."""

    async def call() -> None:
        notices = home.engine.coordination.notices
        outcome = await notices.test()
        sequence = desktop_sequence(notices.rules.desktop, os.environ)
        lines = [
            ours("bell: rung") if notices.rules.bell else ours("bell: off"),
            our_line("notice of the terminal: OSC {}", sequence) if sequence else ours("notice of the terminal: none"),
        ]
        if outcome is None:
            lines.append(ours("hook: config.toml, table [notify], names none"))
        elif outcome.trouble:
            lines.append(our_line("hook: fails: {}", outcome.trouble))
        else:
            lines.append(our_line("hook: done in {:.1f} s", outcome.seconds))
        if not notices.tells:
            lines.append(ours("another cockpit of this history tells the calls now"))
        failed = outcome is not None and bool(outcome.trouble)
        text = joined(lines, ours("\n"))
        notice(home.app, text, title=ours("Called"), severity="warning" if failed else "information", timeout=8)

    home.app.run_worker(call(), name="call once", group="call", exclusive=True)


ACTIONS: tuple[Action, ...] = (
    Action(
        "notify.test", "", "notify test", "Cockpit", "Call you once: the bell, the terminal's notice, your hook", _test
    ),
)
