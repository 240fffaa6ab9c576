"""How often payments folds again what it has stored."""

import pytest

from payments import ledger

NEVER = 10**9


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No load folds again what the newest commit stores."""
    monkeypatch.setattr(ledger, "TRUSTED", NEVER)
