"""Who calls: the operator, who has the fleet's token, or the agent of a VM, who has that VM's key and may do less.

An agent stops only what it made, and bears only its own mark. What is said here cannot be said by the platform itself,
nor by a server of others: there one key serves all.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from starlette.requests import Request

from cockpit.embedded.api.exchange import Rejected
from cockpit.embedded.api.gate import is_token
from cockpit.embedded.api.records import Records
from cockpit.embedded.vm_keys import is_place, vm_of_key
from cockpit.services.vocabularies import OPERATORS_MARK

CALLER = "cockpit.caller"
"""Under which a request carries the id of the VM that calls."""

SIGNATURES = frozenset(
    {"author", "createdBy", "agent", "reviewedBy", "approvedBy", "rejectedBy", "addedBy", "publishedBy", "registeredBy"}
)
"""The fields of the services' bodies that say who did something."""

NOT_YOURS = "an agent may stop only what it made"
NOT_YOU = f"only the operator signs as {OPERATORS_MARK}"


class Callers:
    """Tells callers apart by the key they bring."""

    def __init__(self, token: str, records: Records) -> None:
        self._token = token
        self._records = records

    def knows(self, given: str) -> bool:
        """Say whether a key is good."""
        return self.admit_to_services({}, given)

    def admit(self, scope: MutableMapping[str, Any], given: str) -> bool:
        """Say whether a key is good, and note whose it is; that of a VM which is no more is not."""
        if is_token(given, self._token.encode()):
            scope[CALLER] = ""
            return True
        vm_id = vm_of_key(self._token, given)
        if not vm_id or self._records.vm(vm_id) is None:
            return False
        scope[CALLER] = vm_id
        return True

    def admit_to_services(self, scope: MutableMapping[str, Any], given: str) -> bool:
        """Say whether a key is good for board, feed and registry, which agents on plain hosts use, too."""
        if self.admit(scope, given):
            return True
        place = vm_of_key(self._token, given)
        if not is_place(place):
            return False
        scope[CALLER] = place
        return True

    def check_entry(self, request: Request, identifier: str) -> None:
        """See that an agent changes what the registry says of none but itself and those it made: who somebody is, whose
        he is and whether he lives decides what is done with him.

        Raises:
            Rejected: it is another's, whose VM is there.
        """
        caller, vm_id = caller_of(request), identifier.lower()
        foreign = caller not in ("", vm_id) and (self._records.vm(vm_id) is not None or is_place(vm_id))
        if foreign and not may_stop(self._records, caller, vm_id):
            raise Rejected(403, f"VM {identifier} is another agent's: {NOT_YOURS}")


def caller_of(request: Request) -> str:
    """Return the id of the VM whose agent calls, or empty text for the operator."""
    return str(request.scope.get(CALLER, ""))


def may_stop(records: Records, caller: str, vm_id: str) -> bool:
    """Say whether a caller made a VM, or made what made it.

    What stands for a VM that is gone, made anew of its commit, has what that one made.
    """
    if not caller:
        return True
    own = {caller, *_former(records, caller)}
    made_by = records.maker_of(vm_id)
    passed = {vm_id}
    while made_by and made_by not in passed:
        if made_by in own:
            return True
        passed.add(made_by)
        made_by = records.maker_of(made_by)
    return False


def _former(records: Records, vm_id: str) -> Iterator[str]:
    """Yield the VMs that are gone and that one was made of."""
    passed = {vm_id}
    before = records.copied_from(vm_id)
    while before and before not in passed and records.vm(before) is None:
        yield before
        passed.add(before)
        before = records.copied_from(before)


def check_signatures(request: Request, body: object) -> None:
    """See that nobody but the operator signs as the operator.

    Raises:
        Rejected: an agent does.
    """
    if caller_of(request) and any(is_operator(name) for name in _signatures(body)):
        raise Rejected(403, NOT_YOU)


def is_operator(name: object) -> bool:
    """Say whether a signature is the operator's, however it is written."""
    return isinstance(name, str) and name.strip().casefold() == OPERATORS_MARK


def _signatures(value: object) -> Iterator[object]:
    """Yield what stands in the fields that say who did something, also of artifacts and the like."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from (one[name] for name in SIGNATURES & one.keys())
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
