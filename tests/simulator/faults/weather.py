"""How disorderly AWS is within what it promises: calm for enumeration, a storm for random schedules."""

from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")
DAY = 86_400.0


@dataclass
class Weather:
    """Calm: one after the other, once, soon."""

    shards: int = 1

    def latency(self) -> float:
        """Seconds until a call takes effect."""
        return 0.005

    def delay(self) -> float:
        """Seconds until somebody looks at a stream or a queue."""
        return 0.1

    def deliveries(self) -> list[float]:
        """When an event reaches a queue: once per element."""
        return [0.1]

    def some(self, items: list[T]) -> list[T]:
        """What of these one poll gets, in which order."""
        return items

    def batch(self, size: int) -> int:
        """How many of `size` waiting records one poll of a stream gets."""
        return size

    def uniform(self, low: float, high: float) -> float:
        """Seconds between the bounds that a retry or a batch waits. `random` has a function of this name."""
        return (low + high) / 2

    def lags(self) -> bool:
        """Whether a read that need not be consistent is behind."""
        return False

    def holds(self) -> float:
        """Seconds for which a transaction keeps its items from others."""
        return 0


@dataclass
class Storm(Weather):
    """Chance decides: overtaking, repetitions days later, batches of any size, reads that lag."""

    random: Random = field(default_factory=Random)
    shards: int = 3

    def latency(self) -> float:
        return self.random.expovariate(1 / 0.02)

    def delay(self) -> float:
        return self.random.uniform(0, 2)

    def deliveries(self) -> list[float]:
        times = [self._late()]
        while self.random.random() < 0.1:
            times.append(self.random.choice([1.0, 60.0, 3600.0, DAY, 5 * DAY]) * self.random.random())
        return times

    def _late(self) -> float:
        return self.random.uniform(0, 1 if self.random.random() < 0.9 else 300)

    def some(self, items: list[T]) -> list[T]:
        return self.random.sample(items, self.random.randint(1, len(items))) if items else []

    def batch(self, size: int) -> int:
        return self.random.randint(1, size)

    def uniform(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def lags(self) -> bool:
        return self.random.random() < 0.3


@dataclass
class Rush(Weather):
    """Many at once: every transaction holds its items for 10 ms, and retries wait for times of their own."""

    random: Random = field(default_factory=Random)

    def uniform(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def holds(self) -> float:
        return 0.01
