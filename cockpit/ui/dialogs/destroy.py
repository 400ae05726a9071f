"""The question before VMs are destroyed: what would be lost stands under each name as soon as it is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.content import Content

from cockpit.model.loss import Loss
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.plain import Plain

MOST_SHOWN = 8
"""Sentences that stand under one name; what is more is counted."""

Look = Callable[[], Awaitable[Sequence[Loss]]]


class DestroyDialog(ConfirmDialog):
    """Asks at once, and says what would be lost when the VMs have answered; yes can be said before that."""

    def __init__(
        self, targets: Sequence[Clean], consequence: Clean, look: Look, *, word: str = "", title: Clean | None = None
    ) -> None:
        super().__init__(title or ours("Destroy"), targets, consequence, word=word)
        self._look = look
        self._losses: Sequence[Loss] | None = None

    def on_mount(self) -> None:
        """Begin to look."""
        self.run_worker(self._look_and_show(), exclusive=True)

    async def _look_and_show(self) -> None:
        self._losses = await self._look()
        self.query_one("#targets", Plain).show(content([(ours("\n"), "")]).join(self.target_lines()), layout=True)

    def target_lines(self) -> list[Content]:
        """Return each target, with what would be lost below it."""
        lines: list[Content] = []
        for number, target in enumerate(super().target_lines()):
            lines.append(target)
            if self._losses is None:
                lines.append(content([(ours("    looking what would be lost …"), "$muted")]))
            elif number < len(self._losses):
                lines += _sentences(self._losses[number])
        return lines


def _sentences(loss: Loss) -> list[Content]:
    lost = [(sentence, "$agent-failed") for sentence in loss.lost]
    unknown = [(f"unknown: {what}", "$link-degraded") for what in loss.unknown]
    said = [*lost, *unknown] or [(loss.sentences[0], "$muted")]
    lines = [content([(ours("    · "), "$muted"), (clean_line(sentence), style)]) for sentence, style in said]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = [content([(our_line("    and {} more", len(lines) - MOST_SHOWN), "$muted")])]
    return lines
