"""Time that passes only when a test says so."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel import identity


class Clock:
    """A clock that stands still until a test moves it. A pause takes no time and is recorded."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)
        self.paused: list[float] = []

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> "Clock":
        clock = cls()
        monkeypatch.setattr(identity, "now", clock.now)
        monkeypatch.setattr(identity, "pause", clock.pause)
        return clock

    def now(self) -> datetime:
        return self.moment

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
