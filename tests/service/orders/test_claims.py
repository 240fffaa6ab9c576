"""Claims that fail one at a time: the others of their batch must not be lost."""

import pytest

from kernel.errors import Contended
from kernel.money import Money
from kernel.table import writes
from kernel.table.writes import Write
from orders import api, store, tasks
from orders.pricing import Price
from tests.support import aws
from tests.support.clock import Clock

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service")


def place(key: str) -> str:
    lines = [{"sku": "mug", "quantity": 2}]
    _, answer = aws.call(api.handler, "POST", "/checkout", {"lines": lines, "payment_method": "m"}, key=key)
    return str(answer["order_id"])


def test_a_claim_that_cannot_be_had_now_leaves_the_others_claimed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.copy_price(Price("mug", Money(1250, "EUR"), for_sale=True), sequence=1)
    unlucky, *others = [place(f"key-{number}") for number in range(6)]
    really = writes.update

    def contended(write: Write) -> None:
        if unlucky in write.key["pk"]:
            raise Contended
        really(write)

    monkeypatch.setattr(writes, "update", contended)
    clock.advance(120)
    claims = tasks.claim_overdue({}, None)["claims"]
    assert sorted(claim["order"]["order_id"] for claim in claims) == sorted(others)
    found = store.load(unlucky)
    assert found is not None
    assert found.attempts == 0
