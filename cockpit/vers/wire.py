"""The Vers API's JSON as typed records: unknown fields ignored, missing ones tolerated, states in any case.

Field names from the published control plane document and the generated clients of hdresearch; where they disagree
both shapes are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cockpit.model.confinement import Confinement
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import CommitId, VmId


def unix_seconds(value: object) -> float:
    """Return an RFC 3339 text (or a number) as unix seconds, 0.0 if it cannot be read."""
    if isinstance(value, bool) or value is None:
        return 0.0
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e12 else 0.0
    if not isinstance(value, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return 0.0
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError, OSError):
        return 0.0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): item if isinstance(item, str) else str(item) for key, item in value.items() if item is not None}


def _lower(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """Return an id in lower case; ValueError if it is none."""
    if isinstance(value, str) and value.strip():
        return value.strip().lower()
    raise ValueError("an id is a text that is not empty")


def is_true(value: object) -> bool:
    """Return whether a flag is set: anything but true is not."""
    return value is True


Timestamp = Annotated[float, BeforeValidator(unix_seconds)]
Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[int, BeforeValidator(_number)]
State = Annotated[str, BeforeValidator(_lower)]
Labels = Annotated[dict[str, str], BeforeValidator(_labels)]
Identifier = Annotated[str, BeforeValidator(identifier)]
Flag = Annotated[bool, BeforeValidator(is_true)]


class VersModel(BaseModel):
    """A record off the wire."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


Record = TypeVar("Record", bound=VersModel)


class VmRecord(VersModel):
    """A VM as the list and the status give it."""

    vm_id: Identifier
    owner_id: Text = ""
    """The UUID part of the API key that made it; not a secret."""
    created_at: Timestamp = 0.0
    """Unix seconds."""
    state: State = ""
    """As sent, in lower case; unknown words are kept."""
    labels: Labels = Field(default_factory=dict)

    @property
    def power(self) -> Power:
        """The state as the fleet's word; a word nobody knows is `unknown`."""
        try:
            return Power(self.state)
        except ValueError:
            return Power.UNKNOWN

    def vm(self, seen_at: float) -> Vm:
        """Return the fleet's VM for this record, as seen at a time in unix seconds."""
        return Vm(
            id=VmId(self.vm_id),
            power=self.power,
            created_at=self.created_at,
            owner=self.owner_id,
            seen_at=seen_at,
        )


def _named(value: object, kind: type) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(key, str) and isinstance(item, kind)}


def confinement_of(value: object) -> Confinement | None:
    """Return what a server says of a sandbox; None where it says nothing that can be read."""
    if not isinstance(value, dict) or not isinstance(value.get("walls"), bool):
        return None
    shared = value.get("shared")
    words = tuple(word for word in shared if isinstance(word, str)) if isinstance(shared, list) else ()
    limits = _named(value.get("limits"), int)
    memory, processes = (max(0, _number(limits.get(name))) for name in ("memory_mib", "processes"))
    return Confinement(value["walls"], words, memory, processes, _named(value.get("unlimited"), str))


class VmMetadata(VmRecord):
    """A VM with its lineage; the only place that names the parent commit."""

    ip: Text = ""
    deleted_at: Timestamp = 0.0
    parent_commit_id: Text = ""
    grandparent_vm_id: Text = ""
    mem_size_mib: Number = 0
    vcpu_count: Number = 0
    """Both from newer servers only; 0 where nothing is said."""
    fs_size_mib: Number = 0
    """From the embedded fleet only: the platform tells the size of no disk."""
    sandbox: Annotated[Confinement | None, BeforeValidator(confinement_of)] = None
    """From the embedded fleet only: its VMs are sandboxes on the machine it runs on."""


class SshKey(VersModel):
    """The key that opens one VM. It never changes while the VM id lives."""

    ssh_private_key: str = Field(repr=False, min_length=1)
    ssh_port: Number = 0
    """A port inside the host, never to be dialled: SSH goes to 443."""


class CommitRecord(VersModel):
    """A snapshot of a VM."""

    commit_id: Annotated[str, BeforeValidator(identifier), Field(validation_alias=AliasChoices("commit_id", "id"))]
    """In the list of parents its name is `id`."""
    name: Text = ""
    description: Text = ""
    owner_id: Text = ""
    is_public: Flag = False
    created_at: Timestamp = 0.0
    parent_vm_id: Text = ""
    grandparent_commit_id: Text = ""
    vcpu_count: Number = 0
    mem_size_mib: Number = 0
    fs_size_mib: Number = 0
    size_bytes: Number = 0
    """Sizes are told by the embedded fleet only; 0 where nothing is said."""

    @property
    def id(self) -> CommitId:
        """The commit's id in the fleet's type."""
        return CommitId(self.commit_id)


def _readable(value: object) -> tuple[CommitRecord, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list of commits")
    return tuple(each_readable(value, CommitRecord))


class CommitPage(VersModel):
    """One page of commits; only `commits` is certain to be there."""

    commits: Annotated[tuple[CommitRecord, ...], BeforeValidator(_readable)]
    total: Number = 0
    """How many there are on all pages; 0 if the server does not say."""


def records_of(body: object, key: str, record: type[Record]) -> tuple[Record, ...]:
    """Return the records of `{key: [...]}`, or of a bare list; a broken entry costs itself, not the list.

    Raises:
        ValueError: it is neither, or nothing in it can be read although it is not empty.
    """
    entries: Any = body.get(key) if isinstance(body, dict) else body
    if not isinstance(entries, list):
        raise ValueError(f"not a list of {key}")
    readable = tuple(each_readable(entries, record))
    if entries and not readable:
        raise ValueError(f"no entry of the list of {key} can be read")
    return readable


def each_readable(entries: list[Any], record: type[Record]) -> Iterator[Record]:
    """Yield the entries that can be read: a broken one costs itself, not the list."""
    for entry in entries:
        try:
            yield record.model_validate(entry)
        except ValidationError:
            continue


def new_vm_ids(body: object) -> tuple[VmId, ...]:
    """Return the ids in an answer to a creating call: `{"vms":[{"vm_id"}]}` or the older `{"vm_id"}`.

    Raises:
        ValueError: neither shape.
    """
    if isinstance(body, dict):
        records = body.get("vms")
        if isinstance(records, list):
            found = [record.get("vm_id") for record in records if isinstance(record, dict)]
            if len(found) == len(records):
                return tuple(VmId(identifier(item)) for item in found)
        elif records is None and "vm_id" in body:
            return (VmId(identifier(body["vm_id"])),)
    raise ValueError("neither a list of new VMs nor a vm_id")


@dataclass(frozen=True, slots=True)
class VmListing:
    """The VMs of a listing."""

    records: tuple[VmRecord, ...]
    unreadable: int = 0
    """Entries that could not be read: a list with such entries is not complete."""


def vm_list(body: object) -> VmListing:
    """Return the VMs of a listing; one entry without an id costs that entry, not the list.

    Raises:
        ValueError: not a list, or nothing in it can be read although it is not empty.
    """
    entries: Any = body.get("vms") if isinstance(body, dict) else body
    if not isinstance(entries, list):
        raise ValueError("not a list of VMs")
    records = tuple(each_readable(entries, VmRecord))
    if entries and not records:
        raise ValueError("no entry of the list is a VM")
    return VmListing(records, len(entries) - len(records))
