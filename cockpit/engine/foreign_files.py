"""Other tools' state files on this machine: read as claims, and changed as a whole without losing what they write.

Those tools rewrite a file in place and ask nobody. So a change is made to a copy, the file is looked at once more, and
the old one is kept until the new one stands: what was written meanwhile is found in one of them, and the change is made
to that.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.agents.lieutenants_file import StateEntry, StateFileBroken, entries_in
from cockpit.errors import CockpitError, Undecided
from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.ids import VmId
from cockpit.model.names import usable_name

TRIES = 8
"""How often a change is made anew because somebody else wrote meanwhile."""

MOST_BYTES = 4_000_000
"""A file larger than this is no list of lieutenants."""

Edit = Callable[[str], str]


class StateFiles:
    """The files of one machine; every method blocks, and is to be called in a thread."""

    def __init__(self, files: Sequence[Path], home: Path | None = None) -> None:
        self._files = tuple(files)
        self._home = home or Path.home()
        self._read: dict[Path, tuple[tuple[int, int, int], tuple[Claim, ...] | StateFileBroken]] = {}

    @property
    def target(self) -> Path | None:
        """The file that a new entry goes into: the first that is there, else the first; None if there is none."""
        return next((file for file in self._files if file.exists()), self._files[0] if self._files else None)

    def shown(self, file: Path) -> str:
        """Return how a file is named to people."""
        return f"~/{file.relative_to(self._home)}" if file.is_relative_to(self._home) else str(file)

    def claims(self) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
        """Return what the files say of VMs, and which of them cannot be read, each with the reason."""
        claims: list[Claim] = []
        troubles: list[str] = []
        for file in self._files:
            found = self._claims_of(file)
            if isinstance(found, StateFileBroken):
                troubles.append(f"{self.shown(file)} cannot be read: {found.message}")
            else:
                claims += found
        return tuple(claims), tuple(troubles)

    def has(self, vm_id: str) -> tuple[Path, ...]:
        """Return the files that have an entry of a VM; one that cannot be read is left out."""
        return tuple(file for file in self._files if any(claim.vm == vm_id for claim in self._readable(file)))

    def change(self, file: Path, edit: Edit) -> bool:
        """Change a file; return whether it is another one now.

        Raises:
            CockpitError: it cannot be read or written; it is as it was.
            Undecided: others write into it all the time.
        """
        try:
            return self._change(Path(os.path.realpath(file)), edit)
        except StateFileBroken as error:
            raise StateFileBroken(f"{self.shown(file)} is left as it is: {error.message}", hint=error.hint) from error
        except OSError as error:
            what = f"{self.shown(file)} cannot be changed: {error.strerror or error}"
            raise CockpitError(what, hint="look at the file and its directory") from error

    def _readable(self, file: Path) -> tuple[Claim, ...]:
        found = self._claims_of(file)
        return () if isinstance(found, StateFileBroken) else found

    def _claims_of(self, file: Path) -> tuple[Claim, ...] | StateFileBroken:
        try:
            status = file.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            known = self._read.get(file)
            if known is not None and known[0] == mark:
                return known[1]
            found: tuple[Claim, ...] | StateFileBroken = tuple(
                self._claim(file, entry) for entry in entries_in(_text_of(_bytes_of(file))) if not entry.is_local
            )
        except FileNotFoundError:
            return ()
        except StateFileBroken as error:
            found = error
        except OSError as error:
            return StateFileBroken(error.strerror or str(error))
        self._read[file] = (mark, found)
        return found

    def _claim(self, file: Path, entry: StateEntry) -> Claim:
        vm_id = VmId(entry.vm_id)
        name = usable_name(entry.name, vm_id)
        return Claim(ClaimedBy.STATE_FILE, self.shown(file), vm_id, name, "lieutenant", entry.role)

    def _change(self, file: Path, edit: Edit) -> bool:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        newest = there = _bytes_of(file)
        for _ in range(TRIES):
            after = edit(_text_of(newest)).encode()
            if after == there:
                return False
            found, late = _put(file, there, after)
            if found is None and late is None:
                return True
            # Theirs is the newest word; what stands in the file is that, or what was just put there.
            newest = found if found is not None else late
            there = found if found is not None else after
        raise Undecided(
            f"{self.shown(file)} was changed by somebody else {TRIES} times meanwhile", hint="try again in a moment"
        )


def _put(file: Path, there: bytes | None, after: bytes) -> tuple[bytes | None, bytes | None]:
    """Put new content in the place of what is there; return what others wrote, None twice if they did not.

    Returns:
        What was found instead of `there`, and then nothing was put; what was written into the old file meanwhile.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    fresh, old = Path(name), Path(f"{name}.old")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        if there is None:
            try:
                os.link(fresh, file)
            except FileExistsError:
                return _bytes_of(file) or b"", None
            return None, None
        fresh.chmod(file.stat().st_mode & 0o777)
        with contextlib.suppress(OSError):  # some file systems know no second name
            os.link(file, old)
        now = _bytes_of(file)
        if now != there:
            return now or b"", None
        fresh.replace(file)
        late = _bytes_of(old) if old.exists() else there
        return None, late if late != there else None
    finally:
        fresh.unlink(missing_ok=True)
        old.unlink(missing_ok=True)


def _bytes_of(file: Path) -> bytes | None:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > MOST_BYTES:
        raise StateFileBroken(f"it has more than {MOST_BYTES} bytes", hint="move it away")
    return data


def _text_of(data: bytes | None) -> str:
    try:
        return (data or b"").decode()
    except UnicodeDecodeError as error:
        raise StateFileBroken(f"it is no UTF-8: {error}", hint="mend it, or move it away") from error
