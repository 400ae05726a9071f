"""Notices on the screen: the newest few, beside what is being typed and never over it; the log has all others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import cast
from weakref import WeakKeyDictionary

from textual.app import App
from textual.css.query import NoMatches
from textual.notifications import Notification, Notifications
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast, ToastHolder, ToastRack

from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.widgets.choice_field import ChoiceField

log = logging.getLogger(__name__)

MOST = 3
"""Notices that stand at once."""

MORE = "more-"
"""Begins the identity of the one that says how many there are besides."""

FOOT = 4
"""Lines below them where nothing is typed: the keys, and a line that is written in."""

KEYS = 1
"""Lines of the keys, which stand below them in any case."""

HEAD = 1
"""Lines above them: the header."""

ROOMY = 4
"""Lines in which a notice is seen in full; where a field leaves fewer, the header and the foot give theirs."""

Place = tuple[int, int]
"""Lines below the notices of a screen, and the most that they take."""


class Toasts:
    """What an application shows of its notices."""

    def __init__(self) -> None:
        self._logged: set[str] = set()
        """Those without room that the log has, by identity."""
        self._heights: WeakKeyDictionary[Toast, int] = WeakKeyDictionary()
        """Lines that each notice took when it was seen last."""
        self._bounds: WeakKeyDictionary[Toast, tuple[int, int]] = WeakKeyDictionary()
        """The most lines that each takes, and those of the gap above it."""
        self._places: WeakKeyDictionary[ToastRack, Place] = WeakKeyDictionary()
        """Where the notices of a screen stand."""

    def shown(self, notices: Iterable[Notification]) -> list[Notification]:
        """Return the newest, and before them one that says how many there are besides; these go to the log, once."""
        every = [one for one in notices if not one.has_expired]
        left, newest = every[:-MOST], every[-MOST:]
        for one in left:
            self._log(one)
        self._logged &= {one.identity for one in every}
        if not left:
            return newest
        words = our_line("+{} more: the log has them", len(left))
        last = max(left, key=lambda one: one.time_left)
        more = Notification(words, timeout=last.timeout, raised_at=last.raised_at, identity=f"{MORE}{len(left)}")
        return [more, *newest]

    def _log(self, unseen: Notification) -> None:
        """Put into the log what has no room, once."""
        if unseen.identity not in self._logged and not unseen.identity.startswith(MORE):
            self._logged.add(unseen.identity)
            log.info("a notice had no room on the screen: %s", clean_line(f"{unseen.title}: {unseen.message}"))

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

    def stand_clear(self, screen: Screen[object]) -> bool:
        """Have the notices of a screen stand above or below the field with the keys; return whether they moved.

        The newest is no higher than the room: its first line is in sight.
        """
        rack = _rack_of(screen)
        if rack is None:
            return False
        foot, most = place = place_beside(screen)
        moved = self._places.get(rack) != place
        if moved:
            self._places[rack] = place
            rack.styles.margin = (0, 0, foot, 0)
            rack.styles.max_height = most
        gap = int(most >= ROOMY)
        for toast in rack.query(Toast):
            moved |= self._bound(toast, most - gap, gap)
        return self._leave_those_with_room(list(rack.query(Toast)), most, gap) or moved

    def _bound(self, toast: Toast, most: int, gap: int) -> bool:
        """Have a notice take so many lines at most, with a gap above it; return whether that is new."""
        if self._bounds.get(toast) == (most, gap):
            return False
        self._bounds[toast] = most, gap
        toast.styles.max_height, toast.styles.margin = max(0, most), (gap, 0, 0, 0)
        return True

    def _leave_those_with_room(self, toasts: Sequence[Toast], most: int, gap: int) -> bool:
        """Show the newest that have room, from their first lines on; return whether these are others than before."""
        changed, left = False, most
        for toast in reversed(toasts):
            if toast.region.height:
                self._heights[toast] = toast.region.height
            left -= min(self._heights.get(toast, 1), most - gap) + gap
            has_room = left >= 0
            if not has_room:
                self._log(toast._notification)
            holder = toast.parent
            if isinstance(holder, ToastHolder) and holder.display != has_room:
                holder.display = has_room
                changed = True
        return changed


def place_beside(screen: Screen[object]) -> Place:
    """Return where the notices of a screen have most room beside the field with the keys."""
    height, field = screen.size.height, screen.focused
    if not isinstance(field, Input | TextArea | ChoiceField) or not field.region.height:
        return FOOT, max(1, height - FOOT - HEAD)
    grown = field.styles.max_height
    tallest = int(grown.value) if grown is not None and grown.is_cells else 0
    top = max(0, field.region.bottom - max(field.region.height, tallest))
    below = height - field.region.bottom
    over = top - HEAD if top - HEAD >= ROOMY else top
    foot = FOOT if below - FOOT >= ROOMY else KEYS
    return (height - top, over) if over > below - foot else (foot, max(0, below - foot))


class BoundedNotices(App[None]):
    """An application that shows the newest notices alone, clear of what is being typed."""

    @cached_property
    def toasts(self) -> Toasts:
        """What is shown of its notices."""
        return Toasts()

    def clear_the_field(self, screen: Screen[object]) -> bool:
        """Have notices stand clear of the field with the keys, which may have grown or moved; return if they moved."""
        return bool(len(self._notifications)) and self.toasts.stand_clear(screen)

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
