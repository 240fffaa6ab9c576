"""One world per test, with a stocked shop and a customer who can pay."""

from collections.abc import Iterator

import pytest

from kernel.table import items
from tests.support import moto_parser
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld


@pytest.fixture(scope="session", autouse=True)
def _each_definition_is_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        moto_parser.install(patch)
        yield


@pytest.fixture
def world(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoWorld]:
    yield MotoWorld(monkeypatch)
    items.client.cache_clear()  # its hooks belong to this world


@pytest.fixture
def shop(world: MotoWorld) -> SagaShop:
    return SagaShop(world)
