"""The question before VMs are destroyed: what would be lost stands under each name as soon as it is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cockpit.model.loss import Loss
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.look.cells import Piece, content
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

    def on_mount(self) -> None:
        """Begin to look; the name's field has its keys shown as in every question."""
        super().on_mount()
        self._show(None)
        self.run_worker(self._look_and_show(), exclusive=True)

    async def _look_and_show(self) -> None:
        self._show(await self._look())

    def _show(self, losses: Sequence[Loss] | None) -> None:
        pieces: list[Piece] = []
        for number, target in enumerate(self._targets):
            pieces += [(ours("  ✗ "), "bold $agent-failed"), (target, "bold"), (ours("\n"), "")]
            if losses is None:
                pieces += [(ours("    looking what would be lost …\n"), "$muted")]
            elif number < len(losses):
                pieces += _sentences(losses[number])
        shown = content([*pieces, (ours("\n"), ""), (self._consequence, "$muted")])
        self.query_one("#targets", Plain).show(shown, layout=True)


def _sentences(loss: Loss) -> list[Piece]:
    lost = [(sentence, "$agent-failed") for sentence in loss.lost]
    unknown = [(f"unknown: {what}", "$link-degraded") for what in loss.unknown]
    said = [*lost, *unknown] or [(loss.sentences[0], "$muted")]
    pieces: list[Piece] = []
    for sentence, style in said[:MOST_SHOWN]:
        pieces += [(ours("    · "), "$muted"), (clean_line(sentence), style), (ours("\n"), "")]
    if len(said) > MOST_SHOWN:
        pieces += [(clean_line(f"    and {len(said) - MOST_SHOWN} more\n"), "$muted")]
    return pieces
