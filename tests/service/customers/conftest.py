"""Orders and payments, as customers asks them."""

import pytest

from customers import erasure
from tests.support.clock import Clock
from tests.support.customers import Others


@pytest.fixture
def others(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Others:
    made = Others(clock)
    monkeypatch.setattr(erasure, "ask", made)
    return made
