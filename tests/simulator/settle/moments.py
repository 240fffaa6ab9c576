"""A moment of a world: all of it while nobody is under way, from which any number of worlds go on."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulator.settle import interpreter
from tests.simulator.settle.people import SimulatedShop


@dataclass(frozen=True)
class Moment:
    """A shop and its world, and which factories of shipped code were warm."""

    packed: bytes
    warm: tuple[str, ...]

    @classmethod
    def of(cls, shop: SimulatedShop) -> "Moment":
        """Raises AssertionError while a process is under way: what it is doing could not be copied."""
        return cls(pickle.dumps(shop, pickle.HIGHEST_PROTOCOL), interpreter.warm())

    @contextmanager
    def again(self) -> Iterator[SimulatedShop]:
        """A shop as it was, in a world of its own, for shipped code to run in until the end of the block."""
        shop: SimulatedShop = pickle.loads(self.packed)
        with interpreter.inhabited(shop.world):
            interpreter.warm_up(shop.world, self.warm)
            yield shop
