"""Claims that fail one at a time, or meet a step: no other claim and no step may be lost."""

from collections.abc import Callable

import pytest

from kernel.errors import Contended
from kernel.table import writes
from kernel.table.writes import Write
from orders import store
from tests.support.clock import Clock
from tests.support.orders import claimed, confirm, customer_cancels, fence, place, stored
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service")


def test_a_claim_that_cannot_be_had_now_leaves_the_others_claimed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlucky, *others = [place(f"key-{number}") for number in range(6)]
    really = writes.update

    def contended(write: Write) -> None:
        if unlucky in write.key["pk"]:
            raise Contended
        really(write)

    monkeypatch.setattr(writes, "update", contended)
    clock.advance(120)
    assert sorted(order_id for order_id, *_ in claimed()) == sorted(others)
    found = store.load(unlucky)
    assert found is not None
    assert found.attempts == 0


@pytest.mark.parametrize(("step", "then", "attempts"), [(confirm, "CONFIRMED", 1), (fence, "CANCELLING", 0)])
def test_a_step_that_loaded_the_order_before_a_claim_is_decided_again(
    clock: Clock, step: Callable[[str], str], then: str, attempts: int
) -> None:
    order_id = place()
    clock.advance(120)
    with before_its_write(claimed), pytest.raises(Contended):
        step(order_id)
    assert step(order_id) == then
    found = stored(order_id)
    assert [found[name] for name in ("status", "attempts", "version", "sequence")] == [then, attempts, 3, 2]


def test_a_customer_who_cancels_while_the_order_is_claimed_waits_for_the_second_try(clock: Clock) -> None:
    order_id = place()
    clock.advance(120)
    with before_its_write(claimed):
        assert customer_cancels(order_id) == 202
    found = stored(order_id)
    assert [found[name] for name in ("status", "attempts", "version")] == ["CANCELLING", 0, 3]


def test_an_order_of_the_release_before_has_no_version_and_is_claimed_and_confirmed(clock: Clock) -> None:
    order_id = place()
    writes.update(Write(key={"pk": f"order#{order_id}", "sk": "order"}, removes=["version"]))
    clock.advance(120)
    assert claimed() == [(order_id, True, 2)]
    assert confirm(order_id) == "CONFIRMED"
    assert stored(order_id)["version"] == 2
