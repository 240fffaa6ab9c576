"""The circuit in front of new charges: what opens it, whom it cuts off, and how it closes."""

from functools import partial
from typing import Any

import pytest

from kernel.errors import Fault
from payments import breaker, circuit, store, tasks
from payments.provider import ProcessorCutOff
from tests.support import aws
from tests.support.clock import Clock
from tests.support.cut_off import CUT_OFF, another_environment, charged, fails, opened, row
from tests.support.payments import PAID, UNPAID, charge, pending, refund
from tests.support.processor import Account, Disturbance, Processor, answered, delayed

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


# What opens it


def test_the_third_failure_in_a_row_opens_it_and_the_processor_is_asked_no_more(processor: Processor) -> None:
    fails(processor, "a", "b")
    assert row() == {"state": "CLOSED"}
    fails(processor, "c")
    assert row()["state"] == "OPEN"
    before = len(processor.calls)
    assert charged("o1") == CUT_OFF
    assert len(processor.calls) == before
    assert processor.books("o1") == Account()


def test_a_failure_to_confirm_counts_as_one_to_create_does(processor: Processor) -> None:
    fails(processor, "a", "b", "c", call="confirm")
    assert row()["state"] == "OPEN"


def test_a_charge_that_goes_well_in_between_begins_the_count_anew(processor: Processor) -> None:
    for order_id in ("o1", "o2", "o3"):
        fails(processor, f"{order_id}-a", f"{order_id}-b")
        assert charge(order_id) == "CAPTURED"
    assert row() == {"state": "CLOSED"}


@pytest.mark.parametrize(
    "how",
    [
        answered(400, b'{"error": {"param": "payment_method"}}'),
        answered(404),
        answered(200, b"[]"),
        answered(500, Idempotent_Replayed="true"),
    ],
    ids=["declined", "refused", "not understood", "an earlier failure, repeated"],
)
def test_only_a_processor_that_is_down_now_opens_it(processor: Processor, how: Disturbance) -> None:
    fails(processor, "a", "b")
    fails(processor, *"cdefg", how=how)
    assert row() == {"state": "CLOSED"}


def test_a_table_that_fails_and_a_charge_that_was_undone_do_not_open_it(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(processor, "a", "b")
    for order_id in "cdefg":
        processor.disturb("create", delayed(partial(refund, order_id)))
        assert charged(order_id) == "ChargeVoided"
    with monkeypatch.context() as patch:
        patch.setattr(store, "record", _broken)
        for order_id in "hijkl":
            assert charged(order_id) == "Broken"
    assert row() == {"state": "CLOSED"}


class Broken(Fault):
    """The table of payments does not answer."""


def _broken(*_: Any, **__: Any) -> Any:
    raise Broken


def test_its_opening_is_counted_for_operators(processor: Processor, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(breaker, "count", counted.append)
    opened(processor)
    assert counted == ["CircuitOpened"]


# Whom it cuts off


def test_a_charge_that_had_begun_is_not_cut_off(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending(processor)
    opened(processor)
    assert charge() == "CAPTURED"
    assert processor.books("o1") == PAID


def test_undoing_is_not_cut_off(processor: Processor) -> None:
    charge("paid")
    pending(processor)
    opened(processor)
    assert (refund("paid"), refund("o1")) == ("REFUNDED", "VOIDED")
    assert processor.books("o1") == UNPAID
    assert circuit.is_in_doubt()


def test_another_environment_asks_nothing_of_the_processor_either(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(processor)
    another_environment(monkeypatch)
    assert charged("o1") == CUT_OFF


# How it closes


def test_after_its_window_a_charge_that_works_closes_it(processor: Processor, clock: Clock) -> None:
    opened(processor)
    clock.advance(breaker.WINDOW - 1)
    assert charged("o1") == CUT_OFF
    clock.advance(1)
    assert charge("o1") == "CAPTURED"
    assert row()["state"] == "CLOSED"
    assert [charge("o2"), charge("o3")] == ["CAPTURED", "CAPTURED"]


def test_a_charge_that_is_declined_closes_it_too(processor: Processor, clock: Clock) -> None:
    opened(processor)
    clock.advance(breaker.WINDOW)
    assert charged("o1", "pm_decline") == "PaymentDeclined"
    assert row()["state"] == "CLOSED"


def test_a_charge_that_fails_opens_it_for_a_further_window(processor: Processor, clock: Clock) -> None:
    opened(processor)
    clock.advance(breaker.WINDOW)
    fails(processor, "d")
    assert row()["state"] == "OPEN"
    clock.advance(breaker.WINDOW - 1)
    assert charged("o1") == CUT_OFF
    clock.advance(1)
    assert charge("o1") == "CAPTURED"


def test_a_single_charge_is_tried_and_others_are_cut_off_meanwhile(
    processor: Processor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(processor)
    clock.advance(breaker.WINDOW)
    seen: list[str] = []

    def meanwhile() -> None:
        with monkeypatch.context() as patch:
            another_environment(patch)
            seen.append(charged("o2"))

    processor.disturb("create", delayed(meanwhile))
    assert charge("o1") == "CAPTURED"
    assert seen == [CUT_OFF]


def test_a_try_that_nobody_hears_of_again_is_made_by_another_after_a_window(
    processor: Processor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(processor)
    clock.advance(breaker.WINDOW)
    fails(processor, "d", how=answered(404))  # neither well nor down: the claim is left as it is
    assert row()["state"] == "HALF_OPEN"
    another_environment(monkeypatch)
    assert charged("o1") == CUT_OFF
    clock.advance(breaker.WINDOW)
    assert charge("o1") == "CAPTURED"
    assert row()["state"] == "CLOSED"


def test_a_charge_that_is_cut_off_leaves_nothing_behind_and_says_so_by_its_name(processor: Processor) -> None:
    opened(processor)
    before = aws.items("payments")
    with pytest.raises(ProcessorCutOff):
        charge("o1")
    assert aws.items("payments") == before
    assert tasks.payment_status({"order_id": "o1"}, None)["status"] == "NONE"
