"""The fold of an order with interventions: their events are counted, and the row does not show them."""

from itertools import permutations
from typing import Any

import pytest

from kernel.events import Envelope
from storefront.order_history import fold
from tests.support.histories import PLACED, PLACED_ROW, at, event, timeline

# Parked before it was fenced, so the fence comes while it NEEDS_ATTENTION, after an operator resumed it.
RESUMED = [
    PLACED,
    event(1, "OrderParked", "order/o1", 2),
    event(2, "OrderResumed", "order/o1", 3, by="olga", because="cause gone"),
    event(3, "CancellationStarted", "order/o1", 4, reason="Interrupted"),
]
RESUMED_ROW = {
    **PLACED_ROW,
    "status": "NEEDS_ATTENTION",
    "reason": "Interrupted",
    "sequence": 4,
    "folded": 4,
    "as_of": at(3),
    "timeline": timeline((0, "OrderPlaced"), (1, "OrderParked"), (3, "CancellationStarted")),
}
RESOLVED = [
    *RESUMED[:2],
    event(2, "OrderResolved", "order/o1", 3, to="CONFIRMED", by="olga", because="it is paid"),
    event(2, "OrderConfirmed", "order/o1", 4),
]
RESOLVED_ROW = {
    **PLACED_ROW,
    "status": "CONFIRMED",
    "sequence": 4,
    "folded": 4,
    "as_of": at(2),
    "timeline": timeline((0, "OrderPlaced"), (1, "OrderParked"), (2, "OrderConfirmed")),
}


@pytest.mark.parametrize(("history", "row"), [(RESUMED, RESUMED_ROW), (RESOLVED, RESOLVED_ROW)])
def test_an_order_in_an_operators_hands_is_told_without_them_in_every_order_of_arrival(
    history: list[Envelope], row: dict[str, Any]
) -> None:
    for arrived in permutations(history):
        folded = fold(arrived)
        assert folded is not None
        assert folded.model_dump(mode="json") == row
