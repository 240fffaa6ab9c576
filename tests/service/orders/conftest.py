"""What the tests of orders' tasks and of the sweep both watch."""

import pytest

from orders import sweep, tasks


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The metrics that the tasks counted."""
    found: list[str] = []
    for module in (tasks, sweep):
        monkeypatch.setattr(module, "count", found.append)
    return found
