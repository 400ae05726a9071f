"""Notices on the screen: the newest few, beside what is being typed and never over it; the log has all others."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property
from typing import cast
from weakref import WeakKeyDictionary

from textual.app import App
from textual.css.query import NoMatches
from textual.notifications import Notification, Notifications
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.widgets._toast import ToastRack

from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.widgets.choice_field import ChoiceField

log = logging.getLogger(__name__)

MOST = 3
"""Notices that stand at once."""

FOOT = 4
"""Lines below them where nothing is typed: the keys, and a line that is written in."""

HEAD = 1
"""Lines above them: the header."""


class Toasts:
    """What an application shows of its notices."""

    def __init__(self) -> None:
        self._logged: set[str] = set()
        """Those without room that the log has, by identity."""
        self._places: WeakKeyDictionary[ToastRack, tuple[int, int]] = WeakKeyDictionary()
        """Lines below the notices of a screen, and the most that they take."""

    def shown(self, notices: Iterable[Notification]) -> list[Notification]:
        """Return the newest, and before them one that says how many there are besides; these go to the log, once."""
        every = [one for one in notices if not one.has_expired]
        left, newest = every[:-MOST], every[-MOST:]
        for one in left:
            if one.identity not in self._logged:
                log.info("a notice had no room on the screen: %s", clean_line(f"{one.title}: {one.message}"))
        self._logged = {one.identity for one in left}
        if not left:
            return newest
        words = our_line("+{} more: the log has them", len(left))
        last = max(left, key=lambda one: one.time_left)
        more = Notification(words, timeout=last.timeout, raised_at=last.raised_at, identity=f"more-{len(left)}")
        return [more, *newest]

    def show(self, screen: Screen[object], notices: Iterable[Notification]) -> None:
        """Show on a screen what is to be seen of its notices now."""
        rack = _rack_of(screen)
        if rack is None:
            return
        shown = self.shown(notices)
        stay = {rack._toast_id(one) for one in shown}
        for holder in [one for one in rack.children if one.id not in stay]:
            holder.remove()  # the framework overlooks those that are being mounted
        rack.show(cast("Notifications", shown))

    def stand_clear(self, screen: Screen[object]) -> None:
        """Have the notices of a screen stand above or below the field with the keys, where there is more room."""
        rack = _rack_of(screen)
        if rack is None:
            return
        height, field = screen.size.height, screen.focused
        foot, most = FOOT, height - FOOT - HEAD
        if isinstance(field, Input | TextArea | ChoiceField) and field.region.height:
            grown = field.styles.max_height
            tallest = int(grown.value) if grown is not None and grown.is_cells else 0
            top = field.region.bottom - max(field.region.height, tallest)
            if top + field.region.bottom > height:
                foot, most = height - top, top - HEAD
            else:
                most = height - field.region.bottom - FOOT
        place = max(0, foot), max(1, most)
        if self._places.get(rack) != place:
            self._places[rack] = place
            rack.styles.margin = (0, 0, place[0], 0)
            rack.styles.max_height = place[1]


class BoundedNotices(App[None]):
    """An application that shows the newest notices alone, clear of what is being typed."""

    @cached_property
    def toasts(self) -> Toasts:
        """What is shown of its notices."""
        return Toasts()

    def clear_the_field(self) -> None:
        """Have notices stand clear of the field with the keys, which may have grown or moved."""
        if self._screen_stack and len(self._notifications):
            self.toasts.stand_clear(self.screen)

    def _refresh_notifications(self) -> None:
        """Show what is to be seen of the notices now."""
        if self._screen_stack:
            self.toasts.stand_clear(self.screen)
            self.call_later(self.toasts.show, self.screen, self._notifications)

    def _unnotify(self, notification: Notification, refresh: bool = True) -> None:
        """Forget a notice; one that had no room until now may have it."""
        super()._unnotify(notification, refresh or len(self._notifications) > MOST)


def _rack_of(screen: Screen[object]) -> ToastRack | None:
    """Return where a screen shows notices, once it is there."""
    try:
        return screen.get_child_by_type(ToastRack)
    except NoMatches:
        return None
