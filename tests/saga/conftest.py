"""One world per test, with a stocked shop and a customer who can pay."""

import pytest

from tests.support.shop import Shop
from tests.support.world import World


@pytest.fixture
def world(cloud: None, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)
