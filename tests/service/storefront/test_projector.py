"""The projector, the journal and the guarded row on the storefront's own table."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kernel.events import Envelope
from kernel.table import items
from storefront import journal, order_history, projector
from tests.support import aws
from tests.support.events import arriving
from tests.support.histories import PLACED, PLACED_ROW, at, event, placed, timeline

SERVICE = "storefront"
pytestmark = pytest.mark.usefixtures("service")

CONFIRMED = event(4, "OrderConfirmed", "order/o1", 2)
HISTORY = [
    PLACED,
    event(1, "StockReserved", "reservation/o1", 1, lines=[]),
    event(3, "PaymentCaptured", "payment/o1", 1),
    event(4, "CancellationStarted", "order/o1", 2, reason="PaymentDeclined"),
    event(5, "RefundStarted", "payment/o1", 2),
    event(6, "StockReleased", "reservation/o1", 2, lines=[]),
    event(7, "OrderCancelled", "order/o1", 3, reason="PaymentDeclined"),
]
HISTORY_ROW = {
    **PLACED_ROW,
    "status": "CANCELLED",
    "reason": "PaymentDeclined",
    "stock": "RELEASED",
    "payment": "REFUNDING",
    "sequence": 3,
    "folded": 7,
    "as_of": at(7),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (1, "StockReserved"),
        (3, "PaymentCaptured"),
        (4, "CancellationStarted"),
        (5, "RefundStarted"),
        (6, "StockReleased"),
        (7, "OrderCancelled"),
    ),
}
CONFIRMED_ROW = {
    **PLACED_ROW,
    "status": "CONFIRMED",
    "sequence": 2,
    "folded": 2,
    "as_of": at(4),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (4, "OrderConfirmed"),
    ),
}


def project(*events: Envelope) -> None:
    assert projector.handler(aws.batch(events), None) == {"batchItemFailures": []}


def row(order_id: str = "o1") -> dict[str, Any] | None:
    found = order_history.load(order_id)
    return found.model_dump(mode="json") if found else None


def batches(chance: random.Random, events: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """The events with some duplicates, shuffled, in batches of one to four."""
    arriving = [*events, *chance.choices(events, k=5)]
    chance.shuffle(arriving)
    while arriving:
        size = chance.randint(1, 4)
        yield arriving[:size]
        arriving = arriving[size:]


@pytest.mark.parametrize("seed", range(8))
def test_events_reordered_repeated_and_in_any_batches_make_the_same_row(seed: int) -> None:
    for batch in batches(random.Random(seed), HISTORY):
        project(*batch)
    assert row() == HISTORY_ROW


@pytest.mark.parametrize("seed", range(8))
def test_projectors_that_run_into_each_other_end_with_the_same_row_and_never_go_back(seed: int) -> None:
    chance = random.Random(seed)
    running = [steps(event) for event in [*HISTORY, *chance.choices(HISTORY, k=4)]]
    folded = 0
    while running:
        one = chance.choice(running)
        if next(one, "ended") == "ended":
            running.remove(one)
        now = (row() or {}).get("folded", 0)
        assert now >= folded
        folded = now
    assert row() == HISTORY_ROW


def steps(event: Envelope) -> Iterator[None]:
    """One run of the projector, which stands still between its steps."""
    journal.append(event)
    yield
    seen = order_history.fold(journal.read(event.correlationid))
    yield
    if seen:
        order_history.save(seen)


def test_an_event_beyond_a_gap_waits_for_the_missing_event() -> None:
    last = event(5, "OrderCancelled", "order/o1", 3, reason="PaymentDeclined")
    project(PLACED, last)
    assert row() == PLACED_ROW
    project(event(4, "CancellationStarted", "order/o1", 2, reason="PaymentDeclined"))
    assert shown("status", "sequence", "folded") == ("CANCELLED", 3, 3)


def test_an_event_that_arrives_before_its_order_is_not_lost() -> None:
    project(CONFIRMED)
    assert row() is None
    project(PLACED)
    assert row() == CONFIRMED_ROW


def test_a_projector_killed_between_journal_and_view_is_healed_by_redelivery() -> None:
    project(PLACED)
    journal.append(CONFIRMED)
    assert row() == PLACED_ROW
    project(CONFIRMED)
    assert row() == CONFIRMED_ROW


def test_a_rebuild_makes_the_row_that_the_events_made() -> None:
    project(*HISTORY)
    items.client().delete_item(
        TableName=items.table(), Key=items.pack({"pk": "order_history#o1", "sk": "order_history"})
    )
    projector.rebuild("o1")
    assert row() == HISTORY_ROW


def test_a_rebuild_takes_effect_on_a_row_that_older_code_folded() -> None:
    journal.append(PLACED)
    today = order_history.fold([PLACED])
    assert today is not None
    order_history.save(today.model_copy(update={"reason": "as older code had it"}))
    assert row() == {**PLACED_ROW, "reason": "as older code had it"}
    projector.rebuild("o1")
    assert row() == PLACED_ROW


def test_a_stale_row_does_not_replace_one_that_folded_more() -> None:
    stale = order_history.fold([PLACED])
    assert stale is not None
    project(PLACED, CONFIRMED)
    order_history.save(stale)
    assert row() == CONFIRMED_ROW


def test_a_reading_that_missed_the_confirmation_does_not_take_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind its second page arrive the confirmation, which sorts before it, and an event that does not."""
    paid, refunding, refunded = (
        event(1 + number, kind, "payment/o1", number)
        for number, kind in enumerate(("PaymentCaptured", "RefundStarted", "PaymentRefunded"), start=1)
    )
    query = items.query
    arrived: list[Envelope] = []

    def paged(*arguments: Any, **options: Any) -> Iterator[items.Item]:
        for place, item in enumerate(query(*arguments, Limit=1, **options)):
            yield item
            if place == 1 and not arrived:
                arrived.extend([CONFIRMED, refunded])
                project(CONFIRMED)
                journal.append(refunded)

    project(PLACED, paid, refunding)
    monkeypatch.setattr(items, "query", paged)
    projector.rebuild("o1")
    assert shown("status", "payment", "folded") == ("CONFIRMED", "REFUNDING", 4)
    project(*arrived)
    assert shown("status", "payment", "folded") == ("CONFIRMED", "REFUNDED", 5)


def shown(*names: str) -> tuple[Any, ...]:
    return tuple((row() or {})[name] for name in names)


def test_the_journal_keeps_each_event_once_whole_and_for_ever() -> None:
    project(PLACED, PLACED)
    project(PLACED)
    rows = [item for item in aws.items("storefront") if item["pk"] == "journal#o1"]
    assert [item["sk"] for item in rows] == ["settle.orders#order/o1#0000000001"]
    assert Envelope.model_validate_json(rows[0]["event"]) == PLACED
    assert all("expires_at" not in item for item in aws.items("storefront"))


def test_an_event_in_the_journal_is_never_changed() -> None:
    journal.append(PLACED)
    journal.append(PLACED.model_copy(update={"type": "Forged"}))
    assert journal.read("o1") == [PLACED]


def test_events_of_a_product_are_kept_and_make_no_row() -> None:
    listed = arriving("ProductListed", source="catalog", subject="product/mug", sequence=1, sku="mug")
    project(listed)
    assert journal.read("product/mug") == [listed]
    assert [item["pk"] for item in aws.items("storefront")] == ["journal#product/mug"]


def test_the_events_of_a_product_are_not_read_again_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reads_of_the_journal(monkeypatch)
    project(arriving("ProductListed", source="catalog", subject="product/mug", sequence=1), PLACED)
    assert read == ["o1"]


def reads_of_the_journal(patch: pytest.MonkeyPatch) -> list[str]:
    """The correlations that are read from now on."""
    found: list[str] = []
    read = journal.read

    def noted(correlation: str) -> Sequence[Envelope]:
        found.append(correlation)
        return read(correlation)

    patch.setattr(journal, "read", noted)
    return found


def test_an_order_is_folded_once_for_all_its_events_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reads_of_the_journal(monkeypatch)
    first, *later = HISTORY
    project(first, placed("o2"), *later)
    assert read == ["o1", "o2"]
    assert row() == HISTORY_ROW


def test_an_event_that_cannot_be_folded_comes_back_alone_and_is_kept() -> None:
    broken = placed("o2").model_copy(update={"data": {"order_id": "o2"}})
    answer = projector.handler(aws.batch([broken, PLACED]), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert row() == PLACED_ROW
    assert journal.read("o2") == [broken]


def test_an_order_that_cannot_be_folded_brings_back_all_its_events_and_no_others() -> None:
    broken = placed("o2").model_copy(update={"data": {"order_id": "o2"}})
    reserved = event(1, "StockReserved", "reservation/o2", 1, lines=[]).model_copy(
        update={"correlationid": "o2"}
    )
    answer = projector.handler(aws.batch([reserved, PLACED, broken, CONFIRMED]), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m2"}]}
    assert row() == CONFIRMED_ROW
    assert len(journal.read("o2")) == 2
