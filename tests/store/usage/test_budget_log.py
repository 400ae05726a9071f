"""Budgets outlive a restart as they were; an agent is told to go on once for a limit, and once in an hour."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.content import Usage
from cockpit.model.ids import VmId
from cockpit.model.usage.standing import BudgetRecord, BudgetStage, Limit
from cockpit.store.store import Store
from tests.model.usage.answers import ADA, BOB, NOON


async def test_a_budget_comes_back_and_nobody_is_told_twice(tmp_path: Path) -> None:
    kept = BudgetRecord("fleet", Limit(5.0, 9), BudgetStage.FROZEN, "2026-11-29", Usage(7, cost=5.5), 3.5, (VmId("v"),))
    store = await Store.open(tmp_path / "history")
    await store.budgets.put(kept)
    assert await store.budgets.resumed("anthropic", NOON, ADA, NOON)
    await store.close()
    again = await Store.open(tmp_path / "history")
    try:
        assert await again.budgets.all() == {"fleet": kept}
        assert not await again.budgets.resumed("anthropic", NOON, ADA, NOON + 9000)
        assert not await again.budgets.resumed("anthropic", NOON + 20, ADA, NOON + 30)
        assert await again.budgets.resumed("anthropic", NOON + 9000, ADA, NOON + 9001)
        assert await again.budgets.resumed("anthropic", NOON, BOB, NOON + 1)
    finally:
        await again.close()
