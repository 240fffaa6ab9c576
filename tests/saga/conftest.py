"""One world per test, with a stocked shop and a customer who can pay."""

from collections.abc import Iterator

import pytest

from kernel.table import items
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld


@pytest.fixture
def world(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoWorld]:
    yield MotoWorld(monkeypatch)
    items.client.cache_clear()  # its hooks belong to this world


@pytest.fixture
def shop(world: MotoWorld) -> SagaShop:
    return SagaShop(world)
