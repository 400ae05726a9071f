"""Draws an agent's row alone, as wide as a test wants it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.model.board import Task
from cockpit.model.family import FamilySum
from cockpit.model.fleet import Vm
from cockpit.model.ports import PortForward
from cockpit.ui.look.rows.agents import AgentLine, agent_row, columns_for
from cockpit.ui.look.rows.columns import allot
from cockpit.ui.look.tree import TreeNode


def agent_line(
    node: TreeNode,
    vm: Vm | None,
    now: float,
    width: int,
    family: FamilySum | None = None,
    forwards: Sequence[PortForward] = (),
    task: Task | None = None,
) -> Content:
    """Draw a row whose columns are shared out by what it holds alone."""
    row = AgentLine(node, vm, task, 0, family, forwards)
    return agent_row(row, now, allot(columns_for([row], width), width))
