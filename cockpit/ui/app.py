"""The Textual application: themes, keymap, the home screen; wiring only."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, cast

from rich.console import RenderableType
from rich.terminal_theme import TerminalTheme
from textual import events
from textual._compositor import CompositorUpdate
from textual._types import CallbackType
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen
from textual.widget import AwaitMount, Widget

from cockpit.engine.port import CockpitPort
from cockpit.text.clean import joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.absence import Absence
from cockpit.ui.actions.keymap import check_keymap, keys_of_home
from cockpit.ui.actions.own import own_actions
from cockpit.ui.bridge import LOW_BANDWIDTH, Rates
from cockpit.ui.calling import Caller
from cockpit.ui.collecting import COLLECT_INTERVAL, QuietCollector
from cockpit.ui.key_gate import LIMIT, KeyGate
from cockpit.ui.keys_first import keys_go_first
from cockpit.ui.look.agent_colours import ReadableColours
from cockpit.ui.look.themes import ANSI_THEME, AUTO_THEME, DARK_THEME, DEFAULT_THEME, LIGHT_THEME, VARIABLE_DEFAULTS
from cockpit.ui.motion import Motion
from cockpit.ui.palette.lately import Lately
from cockpit.ui.screens.action_screen import ActionScreen, give_own
from cockpit.ui.screens.catalogue import OVER_HOME
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.second_click import SecondClick
from cockpit.ui.settling import awaited_within
from cockpit.ui.terminal.bracketed_paste import PasteUnended
from cockpit.ui.terminal.colours import are_unwanted
from cockpit.ui.terminal.command_string import GroundReported
from cockpit.ui.terminal.composition import drawn_as_ours
from cockpit.ui.terminal.driver import TerminalDriver
from cockpit.ui.terminal.input_parser import UnreadableInput
from cockpit.ui.theming import RELOAD_INTERVAL, Themes
from cockpit.ui.toasts import BoundedNotices
from cockpit.ui.widgets.needs_you.sight import Painted
from cockpit.ui.widgets.notice import notice

log = logging.getLogger(__name__)

SIZE_INTERVAL = 0.5
"""Seconds between two looks whether what is drawn has the terminal's size."""

QUIET = 6.0
"""Seconds without bytes that are no text, after which such bytes are said again."""

GROUND_LIMIT = 2.0
"""Seconds a terminal has to say what it draws on; a theme that changes later would surprise."""
BRIGHT = 0.5
"""Luminance above which a ground is a light one."""

BREAKPOINTS = ((0, "-narrow"), (110, "-normal"), (160, "-wide"))
"""Screen widths in cells from which there is room for one, two or three areas beside each other."""


class CockpitApp(BoundedNotices):
    """The cockpit's screens over an engine. The caller starts and stops the engine; leaving touches no agent."""

    TITLE = "cockpit"
    CSS_PATH: ClassVar = ["app.tcss", "screens/home/home.tcss", "screens/over.tcss"]
    ENABLE_COMMAND_PALETTE = False
    """The registry's own opens: the framework's has no groups, and two lines for each entry."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "detach", show=False, priority=True)]

    def __init__(
        self,
        engine: CockpitPort,
        *,
        theme: str | None = None,
        read_only: bool = False,
        low_bandwidth: bool = False,
        low_motion: bool = False,
        configured_motion: bool = False,
        keymap: Mapping[str, str] | None = None,
        driver_class: type[Driver] | None = None,
        layout_file: Path | None = None,
        own_themes: Path | None = None,
        configured_theme: str = "",
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.HORIZONTAL_BREAKPOINTS = list(BREAKPOINTS)
        self.engine = engine
        self.own_themes: tuple[str, ...] = ()
        self.themes = Themes(self, engine.coordination.preferences, own_themes, configured_theme)
        # The framework takes an empty variable for a wish, and draws greys: those are colours to the terminal.
        self.no_color = are_unwanted(os.environ)
        self._refresh_truecolor_filter(self.ansi_theme)
        self._wanted_theme = ANSI_THEME if self.no_color else theme or DEFAULT_THEME
        self._read_only = read_only
        self._layout_file = layout_file
        self._keymap_overrides = check_keymap(keymap or {})
        self._problems = list(self._keymap_overrides.problems)
        self.gate = KeyGate(self, self._key_places, self._stalls, drops=SecondClick(self).drops)
        self._rates = replace(LOW_BANDWIDTH if low_bandwidth else Rates(), key_waits=self.gate.is_answering)
        if low_bandwidth:
            self.animation_level = "none"
        self.motion = Motion(self, engine.coordination.preferences, low=low_motion, configured=configured_motion)
        self.lately = Lately(engine.coordination.preferences)
        self._collector = QuietCollector(self.gate.quiet_for)
        self._caller = Caller(self, engine, write=self._write, quiet_for=self.gate.quiet_for)
        self.absence = Absence(self, engine, self.gate.quiet_for)
        self._unreadable_at, self._asked_at = -QUIET, 0.0
        self._left_unfinished = False
        self._load_themes()

    def _key_places(self) -> Mapping[str, str]:
        return self._driver.places if isinstance(self._driver, TerminalDriver) else {}

    def _write(self, data: str) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.write(data)

    def _stalls(self) -> bool:
        return isinstance(self._driver, TerminalDriver) and self._driver.stalls

    def _load_themes(self) -> None:
        """Register what was found and wear the wanted theme, or the nearest that exists."""
        self.own_themes, problems = self.themes.load()
        self._problems += problems
        wanted = DARK_THEME if self._wanted_theme == AUTO_THEME else self._wanted_theme
        if wanted in self.available_themes:
            self.theme = wanted
        else:
            known = ", ".join((AUTO_THEME, *self.own_themes))
            self._problems.append(f"no theme {self._wanted_theme!r}; there are: {known}")
            if DEFAULT_THEME in self.available_themes:
                self.theme = DEFAULT_THEME

    def _refresh_truecolor_filter(self, theme: TerminalTheme) -> None:
        self._filters = [ReadableColours(theme, own=self.native_ansi_color, least=self.themes.contrast)]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every semantic variable a value: an undefined one would stop the start."""
        return dict(VARIABLE_DEFAULTS)

    def get_default_screen(self) -> HomeScreen:
        """Return the home screen."""
        home = HomeScreen(self.engine, read_only=self._read_only, rates=self._rates, layout_file=self._layout_file)
        home.keys = dict(self._keymap_overrides.keys)
        home.others = OVER_HOME
        home.tallies = self._caller.tallies
        own, problems = own_actions(self.engine.coordination.own.declared.commands, keys_of_home(home.keys))
        give_own(home, own)
        self._problems += problems
        return home

    def on_mount(self) -> None:
        if self._keymap_overrides.keys:
            self.set_keymap(dict(self._keymap_overrides.keys))
        if self._problems:
            text = joined(map(clean_line, self._problems), ours("\n"))
            notice(self, text, title=ours("Settings"), severity="warning", timeout=12)
        self.set_interval(SIZE_INTERVAL, self._settle_size)
        self.set_interval(RELOAD_INTERVAL, self._reload_themes)
        self._caller.start()
        self.absence.start()
        self.run_worker(self.lately.load(), name="what was chosen lately")
        keys_go_first(self.gate.is_answering, self._collector)
        if isinstance(self._driver, TerminalDriver):
            self._driver.read_something = self.gate.comes
            self.call_after_refresh(self._collector.start)
            self.set_interval(COLLECT_INTERVAL, self._collector.look)
            if self._wanted_theme == AUTO_THEME:
                self._asked_at = monotonic()
                self._driver.ask_for_ground()

    def on_ground_reported(self, message: GroundReported) -> None:
        """Wear what suits the terminal's ground, if it was asked for and said so in time."""
        if (
            self._wanted_theme == AUTO_THEME
            and self.theme == DARK_THEME
            and monotonic() - self._asked_at < GROUND_LIMIT
        ):
            self.theme = LIGHT_THEME if message.luminance > BRIGHT else DARK_THEME

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Have the cursor of whatever field is written in blink, or stand."""
        self.motion.still(event.widget)

    def _reload_themes(self) -> None:
        self.own_themes = tuple(dict.fromkeys((*self.own_themes, *self.themes.reload())))

    def _settle_size(self) -> None:
        """Draw at the terminal's size if a change of it was lost among others that came in quick succession."""
        driver = self._driver
        if isinstance(driver, TerminalDriver) and (size := driver.missed_size(self.screen.size)) is not None:
            self._size, self._resize_timer = size, None
            for screen in self.screen_stack:
                screen.post_message(events.Resize(size, size))

    def on_unmount(self) -> None:
        self._caller.stop()
        self.gate.close()
        self._collector.stop()

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the screen; also one that is not complete yet, whose parts then miss each other: that is no failure."""
        stack = self._screen_stack if self._is_mounted else ()
        self._left_unfinished = not stack or not all(screen.is_mounted for screen in stack)
        super().exit(result, return_code, message)

    def _handle_exception(self, error: Exception) -> None:
        """Write a programming error to the log in full before it ends the screen."""
        log.error("the screen failed", exc_info=error)
        if not self._left_unfinished:
            super()._handle_exception(error)

    def call_next(self, callback: CallbackType, *args: object, **kwargs: object) -> None:
        """Wait for a screen that comes or goes, as the framework does, but not for ever: nobody would get a key."""
        if isinstance(callback, AwaitMount | AwaitComplete | AwaitRemove):
            super().call_next(awaited_within, LIMIT, callback, *args, **kwargs)
        else:
            super().call_next(callback, *args, **kwargs)

    async def on_event(self, event: events.Event) -> None:
        """Keys, pastes and clicks from the terminal go through the gate, all else its usual way."""
        if isinstance(event, events.InputEvent) and not self.screen_stack:
            return  # a key that was on its way when the application ended
        if isinstance(event, events.Key | events.Paste | events.MouseEvent) and self.gate.wants(event):
            self.gate.take(event)
        else:
            await super().on_event(event)

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        """Take a scroll bar in."""
        drawn_as_ours(widget)
        super()._start_widget(parent, widget)

    def _register(self, parent: DOMNode, *widgets: Widget, **where: Any) -> list[Widget]:
        """Take widgets in; every screen composes its frames, and every widget keeps its lines, as ours do."""
        for widget in widgets:
            drawn_as_ours(widget)
        return super()._register(parent, *widgets, **where)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        driver, composed, at = self._driver, cast("object", renderable), monotonic()
        if isinstance(driver, TerminalDriver) and isinstance(composed, CompositorUpdate):
            if self._running and not self._closed and not self._batch_count:
                cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
                driver.show(composed, cursor, together=self._sync_available)
            self.post_display_hook()
        else:
            super()._display(screen, renderable)
        if screen is self.screen:
            self.gate.painted(screen)
            if isinstance(screen, Painted):
                screen.frame_painted(at)

    def on_unreadable_input(self, message: UnreadableInput) -> None:
        """Say that bytes of the terminal wrote nothing, once for all that come together."""
        if (now := monotonic()) - self._unreadable_at > QUIET:
            what = " ".join(f"0x{byte:02x}" for byte in message.data[:4])
            text = our_line("the terminal sent what is not UTF-8 ({}): nothing was written", what)
            notice(self, text, severity="warning")
        self._unreadable_at = now

    def on_reads_again(self) -> None:
        """Take in what came while the terminal stalled: nothing was drawn then."""
        self.gate.shown_again()
        for screen in self.screen_stack:
            if isinstance(screen, ActionScreen):
                screen.take_in()

    def on_paste_unended(self, message: PasteUnended) -> None:
        """Say why no key works: all that comes is still the paste."""
        text = our_line("a paste of {} characters has not ended; esc twice ends it here, ctrl+q leaves", message.size)
        notice(self, text, severity="warning", timeout=12)

    def on_string_unended(self) -> None:
        """Say why no key works: all that comes is still an answer of the terminal."""
        text = ours("an answer of the terminal has not ended; esc twice ends it here, ctrl+q leaves")
        notice(self, text, severity="warning", timeout=12)

    def on_key(self, event: events.Key) -> None:
        """A key whose action is disabled falls through to here: say why."""
        screen = self.screen
        if isinstance(screen, ActionScreen):
            screen.explain_key(event.key)
