"""What is known of a workspace, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.ages import span_text

if TYPE_CHECKING:
    from cockpit.model.changes.report import Workspace


def workspace_sentences(known: Workspace | None, now: float) -> list[str]:
    """Say what a workspace changed, how its repository stands, and how old that knowledge is."""
    if known is None:
        return []
    ago = f"{span_text(now - known.at)} ago"
    number = f"{known.files} file{'' if known.files == 1 else 's'}"
    changed = f"{number} +{known.added} -{known.removed} since its task began" if known.files else "no file changed"
    sentences = [f"Workspace {ago}: {', '.join(filter(None, (_repository(known), changed)))}."]
    if known.fault:
        sentences.append(f"What changed there is not all known: {known.fault.rstrip('.')}.")
    if known.left_out:
        sentences.append(f"{len(known.left_out)} of its files are too large to be kept.")
    return sentences


def _repository(known: Workspace) -> str:
    if not known.repository:
        return ""
    words = [f"{known.repository} on {known.branch}" if known.branch else known.repository]
    if known.more:
        words.append(f"and {known.more} more")
    if known.midst:
        words.append(f"in the midst of a {known.midst}")
    if known.ahead is not None and known.behind is not None:
        words.append(f"{known.ahead} ahead and {known.behind} behind its upstream")
    return " ".join(words)
