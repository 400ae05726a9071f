"""What holds an agent up on its VM besides its own process, and what is wrong with it, in words for a person."""

from __future__ import annotations

from dataclasses import dataclass

LOW_DISK = 64 << 20
"""Bytes left on a VM's disk below which an agent can soon write nothing more."""

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files and sessions around an agent, as a look at its VM found them."""

    fifo: bool = True
    """The FIFO that its commands go through is there."""
    keeper: bool = True
    """Somebody holds the FIFO open, so that the agent does not meet the end of its input."""
    session: bool = True
    """The tmux session of the agent is there; without tmux there is none to miss."""
    keeper_session: bool = True
    """The same of the keeper."""
    disk_left: int | None = None
    """Bytes; None where nobody could tell."""
    out_size: int = 0
    """Bytes of its output file."""
    out_bound: int = 0
    """Bytes above which the output file is too large; 0 sets no bound."""
    reports: str = ""
    """Who says on the feed what it does by itself: its own `extension`, or the `cockpit`; empty for another's agent."""
    beats: str = ""
    """What tells the registry from its VM that it lives; `none` where nothing can, empty where nobody set it up."""

    @property
    def disk_full(self) -> bool:
        """The VM's disk has next to nothing left."""
        return self.disk_left is not None and self.disk_left < LOW_DISK

    @property
    def out_large(self) -> bool:
        """The output file is larger than it should be."""
        return 0 < self.out_bound < self.out_size


def scaffold_word(scaffold: Scaffold | None, *, alive: bool) -> str:
    """Return a word or two on the worst that is wrong around an agent, or empty text."""
    if scaffold is None:
        return ""
    if scaffold.disk_full:
        return "disk full"
    if alive and not scaffold.fifo:
        return "no FIFO"
    if alive and not scaffold.keeper:
        return "no keeper"
    return "large out" if scaffold.out_large else ""


def scaffold_sentences(scaffold: Scaffold | None, *, alive: bool, exit_code: int | None) -> list[str]:
    """Say what is wrong around an agent, and what mends it.

    Args:
        scaffold: as it was found; None if nobody looked.
        alive: whether the agent's process is.
        exit_code: how its process ended; None while it lives, or if nobody wrote it down.
    """
    if scaffold is None:
        return []
    sentences = []
    if alive and not scaffold.fifo:
        sentences.append("Its FIFO is gone, so no command reaches it: relaunch makes both anew, in its conversation.")
    elif alive and not scaffold.keeper:
        sentences.append("The keeper of its FIFO is gone: the next command may be the last that it reads.")
    elif not alive and scaffold.fifo and not scaffold.keeper:
        met = "so it met the end of its input" if exit_code == 0 else "too"
        sentences.append(f"The keeper of its FIFO was gone, {met}: relaunch starts both.")
    if alive and scaffold.beats == "none":
        sentences.append(
            "Its signs of life in the registry come from this cockpit and end with it: its place cannot ask."
        )
    if alive and not scaffold.session:
        sentences.append("Its tmux session is gone though its process lives: it cannot be attached to.")
    elif alive and scaffold.keeper and not scaffold.keeper_session:
        sentences.append("The keeper's tmux session is gone; something else holds its FIFO open.")
    if scaffold.disk_full:
        left = (scaffold.disk_left or 0) // MEGABYTE
        sentences.append(f"The disk that it writes to is full ({left} MB left): what it writes may be lost.")
    if scaffold.out_large:
        sentences.append(
            f"Its output file has {scaffold.out_size // MEGABYTE} MB, more than {scaffold.out_bound // MEGABYTE}: "
            "it is begun anew once the agent is idle."
        )
    return sentences
