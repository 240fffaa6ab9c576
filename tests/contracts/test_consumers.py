"""Consumers: a service's own shape accepts every version of the events that the service subscribes to."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from checkout import executions
from inventory import consumers as inventory
from kernel.events import Envelope, read
from orders import consumers as orders
from orders import erasure as leaving_orders
from payments import consumers as payments
from payments import erasure as leaving_payments
from storefront import order_history
from tests.contracts import samples
from tests.support.wiring import MANIFEST

LEAVING = ("CustomerErasureStarted", "CustomerErased")
# Handler, the shape that it reads, the service that publishes, and the types of events.
READERS: list[tuple[str, type[BaseModel], str, tuple[str, ...]]] = [
    ("checkout.saga.start", executions.PlacedOrder, "orders", ("OrderPlaced",)),
    ("inventory.consumers.handler", inventory.ConfirmedOrder, "orders", ("OrderConfirmed",)),
    ("payments.consumers.handler", payments.ConfirmedOrder, "orders", ("OrderConfirmed",)),
    ("orders.erasure.handler", leaving_orders.LeavingCustomer, "customers", LEAVING),
    ("payments.erasure.handler", leaving_payments.LeavingCustomer, "customers", LEAVING),
    (
        "orders.consumers.handler",
        orders.CatalogProduct,
        "catalog",
        ("ProductListed", "PriceChanged", "ProductRetired"),
    ),
]
READINGS = [
    pytest.param(shape, name, id=f"{handler} reads {name}")
    for handler, shape, source, kinds in READERS
    for kind in kinds
    for name in samples.of(source, kind)
]
# The courses of an order: the events, and what its customer sees after them.
STORIES: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
    "accepted": (["orders.OrderPlaced"], {"status": "PENDING", "stock": None, "payment": None}),
    "confirmed": (
        [
            "orders.OrderPlaced",
            "inventory.StockReserved",
            "payments.PaymentCaptured",
            "orders.OrderConfirmed",
        ],
        {"status": "CONFIRMED", "stock": "COMMITTED", "payment": "CAPTURED", "reason": None},
    ),
    "declined": (
        [
            "orders.OrderPlaced",
            "inventory.StockReserved",
            "payments.PaymentDeclined",
            "orders.CancellationStarted",
            "inventory.StockReleased",
            "orders.OrderCancelled",
        ],
        {"status": "CANCELLED", "stock": "RELEASED", "payment": "DECLINED", "reason": "PaymentDeclined"},
    ),
    "being undone": (
        [
            "orders.OrderPlaced",
            "payments.PaymentVoided",
            "orders.CancellationStarted",
        ],
        {"status": "CANCELLING", "stock": None, "payment": "VOIDED", "reason": "PaymentDeclined"},
    ),
    "refunded": (
        [
            "orders.OrderPlaced",
            "payments.PaymentCaptured",
            "orders.CancellationStarted",
            "payments.RefundStarted",
            "payments.PaymentRefunded",
            "orders.OrderCancelled",
        ],
        {"status": "CANCELLED", "stock": None, "payment": "REFUNDED", "reason": "PaymentDeclined"},
    ),
    "a part was to go back, and could not": (
        [
            "orders.OrderPlaced",
            "payments.PaymentCaptured",
            "orders.OrderConfirmed",
            "payments.SaleRefundStarted",
            "payments.SaleRefunded",
            "payments.SaleRefundFailed",
        ],
        {"status": "CONFIRMED", "stock": None, "payment": "CAPTURED", "reason": None},
    ),
    "disputed, and won": (
        [
            "orders.OrderPlaced",
            "payments.PaymentCaptured",
            "orders.OrderConfirmed",
            "payments.DisputeOpened",
            "payments.DisputeWon",
        ],
        {"status": "CONFIRMED", "payment": "CAPTURED", "dispute": "WON"},
    ),
    "disputed, and lost": (
        [
            "orders.OrderPlaced",
            "payments.PaymentCaptured",
            "orders.OrderConfirmed",
            "payments.DisputeOpened",
            "payments.DisputeLost",
        ],
        {"status": "CONFIRMED", "payment": "CAPTURED", "dispute": "LOST"},
    ),
    "stuck": (
        [
            "orders.OrderPlaced",
            "payments.PaymentCaptured",
            "orders.CancellationStarted",
            "payments.RefundStarted",
            "orders.OrderParked",
        ],
        {"status": "NEEDS_ATTENTION", "stock": None, "payment": "REFUNDING", "reason": "Interrupted"},
    ),
    "in an operator's hands": (
        [
            "orders.OrderPlaced",
            "orders.CancellationStarted",
            "orders.OrderParked",
            "orders.OrderResumed",
            "orders.OrderResolved",
        ],
        {"status": "NEEDS_ATTENTION", "stock": None, "payment": None, "reason": "Interrupted"},
    ),
}

# Events that the storefront counts and does not show, because they are among operators.
INTERNAL = {"orders.OrderResumed", "orders.OrderResolved"}


def told(story: str) -> list[Envelope]:
    return [samples.envelope(samples.of(*kind.split("."))[-1]) for kind in STORIES[story][0]]


def subscriptions() -> set[tuple[str, str, tuple[str, ...]]]:
    """(handler, source, types) of every subscription that a service declares."""
    return {(each["handler"], each["of"], tuple(each["types"])) for each in MANIFEST["subscriptions"]}


def test_the_readers_tested_here_are_those_that_are_subscribed() -> None:
    expected = {(handler, source, kinds) for handler, _, source, kinds in READERS}
    assert subscriptions() == expected | {("storefront.projector.handler", "", ())}


@pytest.mark.parametrize(("shape", "name"), READINGS)
def test_a_reader_takes_from_an_event_what_its_producer_said(shape: type[BaseModel], name: str) -> None:
    envelope = samples.envelope(name)
    taken = read(envelope, shape).model_dump(mode="json")
    assert taken
    assert holds(envelope.data, taken)


@pytest.mark.parametrize(("shape", "name"), READINGS)
def test_a_reader_ignores_fields_that_its_producer_adds_later(shape: type[BaseModel], name: str) -> None:
    grown = grow(samples.sample(name))
    envelope = Envelope.model_validate(grown)
    assert read(envelope, shape) == read(samples.envelope(name), shape)


@pytest.mark.parametrize("story", STORIES)
def test_the_storefront_tells_the_story_that_the_events_tell(story: str) -> None:
    events, expected = told(story), STORIES[story][1]
    row = order_history.fold(events)
    assert row is not None
    seen = row.model_dump(mode="json")
    assert {field: seen[field] for field in expected} == expected
    steps = [kind.split(".")[1] for kind in in_time(story) if kind not in INTERNAL]
    assert [step["type"] for step in seen["timeline"]] == steps
    assert (seen["folded"], seen["customer_id"]) == (len(events), "alice")
    assert seen["total"] == {"amount": 2899, "currency": "EUR"}


@pytest.mark.parametrize("story", STORIES)
def test_the_storefront_ignores_fields_that_its_producers_add_later(story: str) -> None:
    grown = [Envelope.model_validate(grow(event.model_dump(mode="json"))) for event in told(story)]
    assert order_history.fold(grown) == order_history.fold(told(story))


def test_a_customer_never_reads_which_operator_acted_and_why() -> None:
    row = order_history.fold(told("in an operator's hands"))
    assert row is not None
    for name in ("orders.OrderResumed", "orders.OrderResolved"):
        said = samples.envelope(samples.of(*name.split("."))[-1]).data
        assert [
            said[word]
            for word in ("by", "resumption", "resolution")
            if said.get(word, " ") in row.model_dump_json()
        ] == []


def test_every_event_about_an_order_is_part_of_a_story() -> None:
    told = {kind for kinds, _ in STORIES.values() for kind in kinds}
    about_orders = [name for name in samples.names() if order_history.reads(samples.envelope(name))]
    assert told == {name.rpartition(".v")[0] for name in about_orders}


@pytest.mark.parametrize("name", samples.names())
def test_only_events_that_no_order_sets_off_are_about_no_order(name: str) -> None:
    alone = name.startswith(("catalog.", "customers.", "payments.Wallet", "inventory.StockAdjusted"))
    assert order_history.reads(samples.envelope(name)) is not alone


def in_time(story: str) -> list[str]:
    """A story's kinds of events in order of their samples' times; at the same time, by source."""
    pairs = zip(told(story), STORIES[story][0], strict=True)
    return [kind for _, kind in sorted(pairs, key=lambda pair: (pair[0].time, pair[0].source))]


def holds(whole: Any, part: Any) -> bool:
    """Whether every value of `part` stands in `whole` at the same place."""
    match whole, part:
        case dict(), dict():
            return all(key in whole and holds(whole[key], value) for key, value in part.items())
        case list(), list():
            return len(whole) == len(part) and all(map(holds, whole, part))
        case _:
            return bool(whole == part)


def grow(value: Any) -> Any:
    """The same JSON with one more field in every object of it."""
    match value:
        case dict():
            return {name: grow(one) for name, one in value.items()} | {"added_later": 1}
        case list():
            return [grow(one) for one in value]
        case _:
            return value
