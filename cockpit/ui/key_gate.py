"""Hands keys on one after another, each to the focus that the keys before it have brought about."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.ui.settling import Settling
from cockpit.ui.widgets.choice_field import ChoiceField
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea, TypedText, is_written
from cockpit.ui.widgets.notice import notice

log = logging.getLogger(__name__)

LIMIT = 0.5
"""Seconds after which a key goes on although what the key before it began has not ended."""

BLIND_WAIT = 0.05
"""Seconds between two keys where it cannot be told what the first began."""

REST_STEPS = 5
"""Steps in which that time is counted."""

ANSWERED_WITHIN = 0.03
"""Seconds for which a key that was taken counts as being on its way to its frame: not all of them change one."""

COMES_WITHIN = 0.01
"""Seconds for which what was read from the terminal counts as a key that comes: not all that is read is one."""

MOST_TOGETHER = 4096
"""Keys that are written at once at most."""

Typed = events.Key | events.Paste | events.MouseEvent
"""What is handed on in the order in which it was read."""


class Guarded:
    """A screen whose keys do harm or answer an agent: it takes none that was read before it was painted.

    A key that leaves is taken all the same, for leaving harms nothing; no letter is, since it may belong to a text.
    """

    leaving_actions: ClassVar[frozenset[str]] = frozenset({"back_out", "quit"})


class KeyGate:
    """The queue between the terminal's keys and the focus.

    A message pump of its own runs application, screen and widget, so a key that is handed on at once is in the old
    focus's queue before the key ahead of it moves the focus. Here a key waits until the key ahead of it is worked off
    and the screen it led to is mounted and laid out; never for data, and never longer than `LIMIT`.
    """

    def __init__(
        self,
        app: App[None],
        places: Callable[[], Mapping[str, str]] = dict,
        stalls: Callable[[], bool] = lambda: False,
        *,
        drops: Callable[[events.Event], bool] = lambda _: False,
    ) -> None:
        """Prepare.

        Args:
            app: whose keys.
            places: keys of another layout, and what is at their places on the standard one.
            stalls: whether the terminal takes nothing at present: what is composed then, nobody sees.
            drops: whether what was read was meant for something that is not there any more, and nobody gets it.
        """
        self._app = app
        self._stalls = stalls
        self._drops = drops
        self._places = places
        self._settling = Settling(app)
        self._waiting: deque[Typed] = deque()
        self._task: asyncio.Task[None] | None = None
        self._painted: WeakKeyDictionary[Screen[object], float] = WeakKeyDictionary()
        self._typed_into: Widget | None = None
        self._dropped = 0
        self.read_at = 0.0
        """When what was handed on last was read."""
        self._restless = 0
        """Steps of rest that are still to come before nothing of the last key can be under way."""
        self._calming: asyncio.TimerHandle | None = None
        self._coming_since = 0.0
        """When the terminal was read last; another thread says it."""
        self._taken_at = self._waits_since = monotonic()
        """When the last key was taken, and the first of those that are on their way."""
        self._unseen = self._handed = False
        """Whether no frame was shown since a key was taken, and whether it was handed on."""

    def comes(self) -> None:
        """Take, from any thread, that something was read: a key is taken only some turns of the loop later."""
        self._coming_since = monotonic()

    def _is_coming(self) -> bool:
        return self._coming_since > self._taken_at and monotonic() - self._coming_since < COMES_WITHIN

    def is_answering(self) -> bool:
        """Tell whether a key is on its way to its frame: what takes long waits for that."""
        return self._is_coming() or (self._unseen and monotonic() - self._taken_at < ANSWERED_WITHIN)

    def draws_at_once(self) -> bool:
        """Tell whether a key was just typed, and no other waits behind it: what changes now is what it changes."""
        return not self._waiting and monotonic() - self._taken_at < ANSWERED_WITHIN

    def draws_later(self) -> bool:
        """Tell whether a key waits to be handed on: a frame that is drawn now would hold it up."""
        waits = self._unseen and not self._handed and monotonic() - self._waits_since < ANSWERED_WITHIN
        return waits or self._is_coming()

    def quiet_for(self) -> float:
        """Return the seconds since something was typed."""
        return monotonic() - self._taken_at

    def take(self, event: Typed) -> None:
        """Queue a key or a paste as it was read."""
        self._taken_at = monotonic()
        if not self._unseen or self._handed:
            self._waits_since = self._taken_at
        self._unseen, self._handed = True, False
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="key gate")

    def wants(self, event: events.Event) -> bool:
        """Tell whether an event goes through the gate: keys, pastes, buttons, and other mouse events behind them."""
        if event.is_forwarded:
            return False
        if isinstance(event, events.Key | events.Paste | events.MouseDown | events.MouseUp):
            return True
        return isinstance(event, events.MouseEvent) and self._task is not None and not self._task.done()

    def painted(self, screen: Screen[object]) -> None:
        """Take that a frame is shown, and remember when a screen could first be seen."""
        if self._handed:
            self._unseen = self._handed = False
        if screen not in self._painted and any(child.size.area for child in screen.children):
            self._painted[screen] = monotonic()

    def shown_again(self) -> None:
        """Take that the terminal shows only now what was composed while it took nothing."""
        for screen in self._painted:
            self._painted[screen] = monotonic()

    def close(self) -> None:
        """Forget what waits; the application ends."""
        self._waiting.clear()
        if self._calming is not None:
            self._calming.cancel()
        if self._task is not None:
            self._task.cancel()

    async def _drain(self) -> None:
        """Give every key its turn; an error of the gate's own holds no key."""
        try:
            while self._waiting or self._dropped:
                if not self._waiting:
                    await self._settle()
                    self._say_dropped()
                elif self._is_typing(self._waiting[0]) or isinstance(self._waiting[0], events.MouseMove):
                    await self._give_turn()
                else:
                    await self._settle()
                    await self._give_turn()
        except Exception:
            self._say_failed()
            while self._waiting:
                await self._give_turn()
                await asyncio.sleep(BLIND_WAIT)
        self._typed_into = None

    async def _settle(self) -> None:
        """Wait until what the last key began is worked off; after a while at rest nothing is left to wait for."""
        if self._restless or not await self._settling.comes_to_rest():
            await self._settling.wait(LIMIT)

    def _calm_down(self) -> None:
        """Count a step of rest; each is one during which the loop ran, however long the process stood still."""
        self._restless -= 1
        if self._restless:
            self._calming = asyncio.get_running_loop().call_later(BLIND_WAIT / REST_STEPS, self._calm_down)

    async def _give_turn(self) -> None:
        """Have the application take the next key in its own pump; only there is it certain who has the focus.

        There is no limit here: while that pump stands still, nobody could be given a key.
        """
        passed = asyncio.Event()
        if self._app.call_later(partial(self._hand_on, passed)):
            await passed.wait()
        else:
            self._waiting.clear()  # the application ends

    async def _hand_on(self, passed: asyncio.Event) -> None:
        """Let the application handle the next key, and the letters behind it that go the same way."""
        try:
            if self._waiting:
                event = self._chosen(self._placed(self._waiting.popleft()))
                focused = self._app.focused
                if event is not None and not self._drops(event):
                    self.read_at = event.time
                    await App.on_event(self._app, event)
                into_field = event is not None and _is_written(event) and isinstance(focused, Input | TextArea)
                self._typed_into = focused if into_field else None
        finally:
            if self._calming is not None:
                self._calming.cancel()
            self._restless = REST_STEPS + 1
            self._calm_down()
            self._handed = not self._waiting
            passed.set()

    def _chosen(self, event: Typed) -> Typed | None:
        """Return what is handed on for a key: itself, together with letters behind it, or nothing."""
        try:
            if self._is_early(event):
                self._dropped += 1
                return None
            return self._with_those_behind(event)
        except Exception:
            self._say_failed()
            return None if isinstance(self._app.screen, Guarded) else event

    def _placed(self, event: Typed) -> Typed:
        """Return the key at that place of the standard layout, for one that acts; what is written stays as it is."""
        if not isinstance(event, events.Key) or event.key.isascii():
            return event
        writes = is_written(event.character) and isinstance(self._app.focused, Input | TextArea | ChoiceField)
        place = "" if writes or self._action_of(event.key) else self._places().get(event.key, "")
        if not place:
            return event
        placed = events.Key(place, key_to_character(place))
        placed.time = event.time
        return placed

    def _with_those_behind(self, event: Typed) -> Typed:
        """Return a key that writes together with those behind it that do, for a field that takes them at once.

        A text that is pasted without brackets is a key per character, and each would be drawn.
        """
        field = self._app.focused
        if not self._waiting or not isinstance(field, DataInput | DataTextArea):
            return event

        def text_of(typed: Typed) -> str:
            return field.written_by(typed) if isinstance(typed, events.Key) else ""

        texts = [text_of(event)]
        if not texts[0]:
            return event
        while self._waiting and len(texts) < MOST_TOGETHER and (text := text_of(self._waiting[0])):
            texts.append(text)
            self._waiting.popleft()
        return TypedText("".join(texts)) if len(texts) > 1 else event

    def _is_typing(self, event: Typed) -> bool:
        """Tell whether a letter follows a letter into the same field: those move no focus."""
        return _is_written(event) and self._typed_into is not None and self._app.focused is self._typed_into

    def _is_early(self, event: Typed) -> bool:
        """Tell whether a key was meant for what stood there before the question that is asked now."""
        screen = self._app.screen
        seen = float("inf") if self._stalls() else self._painted.get(screen, float("inf"))
        if not isinstance(screen, Guarded) or event.time >= seen:
            return False
        if _is_written(event) or not isinstance(event, events.Key):
            return True
        return self._action_of(event.key) not in screen.leaving_actions

    def _action_of(self, key: str) -> str:
        """Return the action that a key has on the screen in view, looked up in the framework's order."""
        screen = self._app.screen
        first = [bindings for _, bindings in reversed(screen._binding_chain)]
        then = [bindings for _, bindings in screen._modal_binding_chain]
        for chain, priority in ((first, True), (then, False)):
            for bindings in chain:
                for binding in bindings.key_to_bindings.get(key, ()):
                    if binding.priority == priority:
                        return binding.action
        return ""

    def _say_dropped(self) -> None:
        if self._dropped:
            keys = "1 key" if self._dropped == 1 else f"{self._dropped} keys"
            were = "was" if self._dropped == 1 else "were"
            said = our_line("{} typed before the question was shown {} not used", keys, were)
            notice(self._app, said, severity="warning")
        self._dropped = 0

    def _say_failed(self) -> None:
        log.exception("the key gate failed; keys go on without knowing what those before them began")
        notice(self._app, ours("internal error in the key gate: see the log file"), severity="error")


def _is_written(event: Typed) -> bool:
    """Tell whether it writes text where a field has the focus."""
    if isinstance(event, events.Paste | TypedText):
        return True
    return isinstance(event, events.Key) and is_written(event.character)
