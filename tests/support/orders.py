"""The requests of a customer, the saga and the sweep to orders, and the table of orders after them."""

from typing import Any

from kernel.money import Money
from kernel.table import writes
from kernel.triggers.schedules import SHARDS
from orders import api, store, tasks
from orders.pricing import Price
from tests.support import aws

BODY = {"lines": [{"sku": "mug", "quantity": 2}], "payment_method": "method-1"}


def place(key: str = "first") -> str:
    store.copy_price(Price("mug", Money(1250, "EUR"), for_sale=True), sequence=1)
    _, answer = aws.call(api.handler, "POST", "/checkout", BODY, key=key)
    return str(answer["order_id"])


def customer_cancels(order_id: str) -> int:
    return aws.call(api.handler, "POST", f"/orders/{order_id}/cancel")[0]


def confirm(order_id: str) -> str:
    return str(tasks.confirm_order({"order_id": order_id}, None)["status"])


def fence(order_id: str) -> str:
    given = {"order_id": order_id, "reason": "PaymentDeclined", "failure": {"Error": "PaymentDeclined"}}
    return str(tasks.fence_order(given, None)["status"])


def cancel(order_id: str, *stuck: str, **given: str) -> str:
    failures = {step: {"Error": "BooksDiffer"} for step in stuck}
    return str(tasks.cancel_order({"order_id": order_id, "stuck": failures, **given}, None)["status"])


def claims() -> list[dict[str, Any]]:
    """The claims of the first batch of each shard."""
    batches = [tasks.claim_overdue({"shard": shard}, None) for shard in range(SHARDS)]
    return [claim for batch in batches for claim in batch["claims"]]


def claimed() -> list[tuple[str, bool, int]]:
    """The order, whether it is finished forward, and the number of its run, of each claim."""
    return [(claim["order"]["order_id"], claim["forward"], claim["run"]) for claim in claims()]


def fail(order_id: str, run: int) -> None:
    """An execution of the order's saga ends with a fault."""
    tasks.note_fault({"order_id": order_id, "run": run, "error": "States.Timeout"}, None)


def said() -> list[tuple[str, dict[str, Any]]]:
    """The type and the data, without the order's id, of each event after OrderPlaced."""
    return [
        (event.type, {name: value for name, value in event.data.items() if name != "order_id"})
        for event in aws.committed("orders")
        if event.type != "OrderPlaced"
    ]


def stored(order_id: str) -> dict[str, Any]:
    return next(item for item in aws.items("orders") if item["pk"] == f"order#{order_id}")


def change(order_id: str, **sets: Any) -> None:
    writes.update(writes.Write(key={"pk": f"order#{order_id}", "sk": "order"}, sets=sets))
