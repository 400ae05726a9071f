"""A text becomes a plan, in whichever of its forms it was written; JSON is decoded where it comes in."""

from __future__ import annotations

import re

from cockpit.model.plan.draft import Reading
from cockpit.model.plan.markdown import read_markdown
from cockpit.model.plan.plan import PlanFault
from cockpit.model.plan.structured import read_toml
from cockpit.model.sendable import unsendable

_TOML = re.compile(r"^\s*\[\[\s*tasks\s*\]\]\s*$", re.MULTILINE)


def read_plan(text: str, name: str = "plan") -> Reading:
    """Read a plan.

    Args:
        text: Markdown, or TOML, which is told by its `[[tasks]]`.
        name: how it is called where its text does not say, such as the name of its file.
    """
    text = text.removeprefix("\ufeff")
    if reason := unsendable(text):
        return Reading(None, (PlanFault(0, reason),))
    if _TOML.search(text):
        return read_toml(text, name)
    return read_markdown(text, name)
