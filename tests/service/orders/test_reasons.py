"""An operator's reason is text that a person typed: it stays in a row, and events carry the row's id."""

from collections.abc import Callable
from typing import Any

import pytest

from orders import api, tasks
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import cancel, fence, place, said

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")

OPERATOR = {"by": "olga", "because": "the processor is back"}
UNDONE = {"status": "DONE", "undone": True, "held": False}


def stuck(key: str = "first") -> str:
    """An order that was fenced and then parked."""
    order_id = place(key)
    fence(order_id)
    cancel(order_id, "RefundPayment")
    return order_id


def resume(order_id: str, request: str = "request-1", **changed: str) -> dict[str, Any]:
    return tasks.resume_order({"order_id": order_id, "request": request, **OPERATOR, **changed}, None)


def resolve(order_id: str) -> dict[str, Any]:
    asked = {"order_id": order_id, "request": "request-1", "to": "CANCELLED", **OPERATOR}
    return tasks.resolve_order({**asked, "payment": UNDONE, "reservation": UNDONE}, None)


@pytest.mark.parametrize("ask", [resume, resolve])
def test_a_reason_is_kept_for_ever_in_a_row_whose_id_the_event_carries(
    ask: Callable[[str], dict[str, Any]],
) -> None:
    order_id = stuck()
    ask(order_id)
    ask(order_id)
    (row,) = [item for item in aws.items("orders") if item["pk"] == f"intervention#{order_id}"]
    reason = {name: row[name] for name in row if name not in ("pk", "sk")}
    assert reason == {"id": "request-1", "at": "2026-01-01T00:00:00+00:00", **OPERATOR}
    others = [item for item in aws.items("orders") if item != row]
    assert OPERATOR["because"] not in str(others)
    facts = [data for name, data in said() if name in ("OrderResumed", "OrderResolved")]
    assert [row["id"] in data.values() for data in facts] == [True]


def test_a_refused_request_leaves_no_reason() -> None:
    order_id = place()
    assert resume(order_id)["problem"]["error"] == "NotParked"
    assert OPERATOR["because"] not in str(aws.items("orders"))


def test_an_operator_finds_who_had_an_order_resumed_and_why_the_latest_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LATEST", 2)
    order_id, other = stuck("one"), stuck("two")
    for number in range(3):
        clock.advance(60)
        resume(order_id, f"r{number}", because=f"attempt {number}")
    query = {"state": "NEEDS_ATTENTION"}
    _, page = aws.call(api.handler, "GET", "/ops/checkouts", query=query, role="operator")
    found = {entry["order_id"]: entry["interventions"] for entry in page["checkouts"]}
    assert found == {
        order_id: [
            {"id": "r2", "at": "2026-01-01T00:03:00+00:00", "by": "olga", "because": "attempt 2"},
            {"id": "r1", "at": "2026-01-01T00:02:00+00:00", "by": "olga", "because": "attempt 1"},
        ],
        other: [],
    }
