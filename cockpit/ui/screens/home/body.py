"""The container of the home screen's areas: it places them as the arrangement says, the focused one on top."""

from __future__ import annotations

from textual import events
from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from cockpit.ui.screens.home.arrangement import CENTER, HomeView, arrange, closed


class Areas(Layout):
    """Places children by their ids; frames of neighbours share their cells."""

    name = "areas"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return a place for each child that is in sight."""
        assert isinstance(parent, AreasBody)
        view = parent.view
        regions = arrange(size.width, size.height, view, parent.app.size.height)
        focused = CENTER if view.reading else view.slot
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, NULL_SPACING, child, int(child.id == focused))
            for child in children
            if child.id is not None and child.id in regions
        ]


class AreasBody(Container):
    """The areas of the home screen."""

    def __init__(self, *children: Widget, id: str) -> None:
        super().__init__(*children, id=id)
        self.view = HomeView()
        self._areas = Areas()

    @property
    def layout(self) -> Layout:
        """Its own: what stands in a style sheet has names of the framework only."""
        return self._areas

    def see(self, view: HomeView) -> None:
        """Share the room out for another view, if it is another one."""
        if view != self.view:
            self.view = view
            self._settle()
            self._clear_arrangement_cache()  # Its key is the size alone.
            self.refresh(layout=True)

    def shows(self, area: str) -> bool:
        """Say whether an area is in sight."""
        return area in arrange(self.size.width, self.size.height, self.view, self.app.size.height)

    def on_resize(self, event: events.Resize) -> None:
        """What is in sight depends on the size."""
        self._settle()

    def _settle(self) -> None:
        regions = arrange(self.size.width, self.size.height, self.view, self.app.size.height)
        lowest = closed(regions)
        for child in self.children:
            child.display = child.id in regions
            child.set_class(child.id in lowest, "-lowest")
