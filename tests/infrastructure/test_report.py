"""The budget of an import, on the scale of any machine."""

import pytest

from infrastructure.packaging.report import BUDGET_MS, PROCESSOR_BUDGET_MS, YARDSTICK_MS, too_slow


@pytest.mark.parametrize("slower", [1, 2, 0.5], ids=["its machine", "a slower one", "a faster one"])
def test_an_import_is_judged_as_on_the_machine_of_the_budget(slower: float) -> None:
    times = {"just right": BUDGET_MS * slower, "too slow": (BUDGET_MS + 1) * slower, "quick": 1.0}
    times |= {"large": (BUDGET_MS + 1) * slower, "too large": (PROCESSOR_BUDGET_MS + 1) * slower}
    budgets = {name: PROCESSOR_BUDGET_MS if "large" in name else BUDGET_MS for name in times}
    assert too_slow(times, budgets, yardstick=YARDSTICK_MS * slower) == ["too slow", "too large"]
