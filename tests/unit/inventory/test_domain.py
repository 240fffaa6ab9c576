"""Every decision in every state of a reservation; stock adds up whatever is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inventory import domain
from inventory.domain import Line, OutOfStock, Reservation, ReservationMissing, ReservationReleased, Status
from inventory.events import ReservedLine, StockReleased, StockReserved
from kernel.errors import Fault, Refusal
from kernel.events import Decision, Event

MUGS = (Line(sku="mug", quantity=2), Line(sku="lid", quantity=1))
OTHER = (Line(sku="cup", quantity=9),)
TOLD = (ReservedLine(sku="mug", quantity=2), ReservedLine(sku="lid", quantity=1))

NONE = Reservation("o1")
RESERVED = Reservation("o1", Status.RESERVED, MUGS, 1)
RELEASED = Reservation("o1", Status.RELEASED, MUGS, 2)
TOMBSTONE = Reservation("o1", Status.RELEASED, (), 1)
COMMITTED = Reservation("o1", Status.COMMITTED, MUGS, 1)

Decide = Callable[[Reservation], Decision[Reservation]]


def reserve(reservation: Reservation) -> Decision[Reservation]:
    return domain.reserve(reservation, MUGS)


def test_every_state_stands_in_one_of_the_tables_below() -> None:
    assert {state.status for state in (NONE, RESERVED, RELEASED, TOMBSTONE, COMMITTED)} == set(Status)


@pytest.mark.parametrize(
    ("given", "decide", "then", "fact"),
    [
        (NONE, reserve, Status.RESERVED, StockReserved(order_id="o1", lines=TOLD)),
        (RESERVED, domain.release, Status.RELEASED, StockReleased(order_id="o1", lines=TOLD)),
    ],
)
def test_a_reservation_moves_on_and_says_so(
    given: Reservation, decide: Decide, then: Status, fact: Event
) -> None:
    decision = decide(given)
    assert decision.facts == (fact,)
    assert decision.state == replace(given, status=then, lines=MUGS)


def test_releasing_stock_that_was_never_held_leaves_a_tombstone() -> None:
    decision = domain.release(NONE)
    assert decision.state == replace(TOMBSTONE, sequence=0)
    assert decision.facts == (StockReleased(order_id="o1", lines=()),)


@pytest.mark.parametrize(
    ("given", "decide"),
    [
        (RESERVED, reserve),
        (COMMITTED, reserve),
        (RELEASED, domain.release),
        (TOMBSTONE, domain.release),
        (COMMITTED, domain.commit),
    ],
)
def test_a_decision_that_is_already_so_changes_and_publishes_nothing(
    given: Reservation, decide: Decide
) -> None:
    assert decide(given) == Decision(given, ())


def test_no_event_says_that_stock_is_sold_beside_the_orders_own() -> None:
    assert domain.commit(RESERVED) == Decision(COMMITTED, unpublished=True)


@pytest.mark.parametrize("given", [RELEASED, TOMBSTONE])
def test_nothing_is_reserved_for_an_order_that_was_undone(given: Reservation) -> None:
    with pytest.raises(ReservationReleased):
        reserve(given)


@pytest.mark.parametrize("given", [NONE, RELEASED, TOMBSTONE])
def test_stock_that_is_not_held_cannot_be_sold(given: Reservation) -> None:
    with pytest.raises(ReservationMissing) as failed:
        domain.commit(given)
    assert failed.value.data == {"order_id": "o1"}


def test_stock_that_was_sold_cannot_be_released() -> None:
    with pytest.raises(Fault, match="sold"):
        domain.release(COMMITTED)


@pytest.mark.parametrize("given", [RESERVED, COMMITTED])
def test_a_reservation_keeps_the_lines_it_was_first_made_for(given: Reservation) -> None:
    assert domain.reserve(given, OTHER).state.lines == MUGS


def test_a_released_reservation_is_undone_for_ever_and_a_sold_one_still_held() -> None:
    states = (NONE, RESERVED, RELEASED, TOMBSTONE, COMMITTED)
    assert [one for one in states if one.is_undone] == [RELEASED, TOMBSTONE]
    assert [one for one in states if one.is_held] == [RESERVED, COMMITTED]


def test_only_held_stock_is_open() -> None:
    states = (NONE, RESERVED, RELEASED, TOMBSTONE, COMMITTED)
    assert [state for state in states if state.is_open] == [RESERVED]


@pytest.mark.parametrize("refusal", [OutOfStock, ReservationReleased])
def test_the_business_says_no_with_a_refusal(refusal: type[Exception]) -> None:
    assert issubclass(refusal, Refusal)


def test_a_missing_reservation_is_a_fault_so_that_it_is_looked_at_again() -> None:
    assert issubclass(ReservationMissing, Fault)
    assert not issubclass(ReservationMissing, Refusal)


@dataclass
class Shelf:
    """An independent account of one SKU, moved by facts alone."""

    received: int = 0
    available: int = 0
    orders: dict[str, Reservation] = field(default_factory=dict)

    def take(self, decision: Decision[Reservation]) -> None:
        state = decision.state
        for fact in decision.facts:
            units = sum(line.quantity for line in fact.lines)  # type: ignore[attr-defined]
            match fact:
                case StockReserved():
                    self.available -= units
                case StockReleased():
                    self.available += units
        self.orders[state.order_id] = replace(state, sequence=state.sequence + len(decision.facts))

    @property
    def held(self) -> int:
        """The units of all orders that hold or have bought some."""
        held = [order for order in self.orders.values() if order.status in ("RESERVED", "COMMITTED")]
        return sum(line.quantity for order in held for line in order.lines)


orders = some.sampled_from(["o1", "o2", "o3"])
actions = some.tuples(
    some.sampled_from(["receive", "reserve", "release", "commit"]), orders, some.integers(1, 5)
)


@settings(max_examples=300, deadline=None)
@given(some.lists(actions, max_size=40))
def test_whatever_is_asked_in_whatever_order_stock_adds_up(asked: list[tuple[str, str, int]]) -> None:
    shelf = Shelf()
    for action, order_id, units in asked:
        reservation = shelf.orders.get(order_id, Reservation(order_id))
        try:
            match action:
                case "receive":
                    shelf.received, shelf.available = shelf.received + units, shelf.available + units
                case "reserve" if units <= shelf.available:
                    shelf.take(domain.reserve(reservation, (Line(sku="mug", quantity=units),)))
                case "release":
                    shelf.take(domain.release(reservation))
                case "commit":
                    shelf.take(domain.commit(reservation))
        except (Refusal, Fault):
            pass
        assert shelf.available + shelf.held == shelf.received
        assert shelf.available >= 0
        assert all(state.sequence <= 2 for state in shelf.orders.values())
