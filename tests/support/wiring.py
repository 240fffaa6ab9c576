"""Which handler is which task, who hears which events, and the bus between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.events import Envelope

PUBLISHERS = ("catalog", "orders", "inventory", "payments")
TABLES = (*PUBLISHERS, "storefront")
TASKS = {
    "ReserveStock": "inventory.tasks.reserve_stock",
    "ReleaseStock": "inventory.tasks.release_stock",
    "ChargePayment": "payments.tasks.charge_payment",
    "RefundPayment": "payments.tasks.refund_payment",
    "ConfirmOrder": "orders.tasks.confirm_order",
    "FenceOrder": "orders.tasks.fence_order",
    "CancelOrder": "orders.tasks.cancel_order",
    "ClaimOverdue": "orders.tasks.claim_overdue",
    "OrderStatus": "orders.tasks.order_status",
    "ClaimOpen": "inventory.tasks.claim_open",
    "CommitStock": "inventory.tasks.commit_stock",
}
# What checkout asks of other services, by the environment variable that names the function.
COMMANDS = {
    "CLAIM_OVERDUE": "ClaimOverdue",
    "ORDER_STATUS": "OrderStatus",
    "CLAIM_OPEN": "ClaimOpen",
    "COMMIT_STOCK": "CommitStock",
    "RELEASE_STOCK": "ReleaseStock",
}
SUBSCRIPTIONS: Mapping[str, frozenset[str] | None] = {
    "orders.consumers.handler": frozenset({"ProductListed", "PriceChanged", "ProductRetired"}),
    "inventory.consumers.handler": frozenset({"OrderConfirmed"}),
    "checkout.saga.start": frozenset({"OrderPlaced"}),
    "storefront.projector.handler": None,
}


@dataclass
class Bus:
    """Stands where EventBridge does for `kernel.relay`; keeps what was put, in order."""

    published: list[Envelope] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3
        self.published += [Envelope.model_validate_json(entry["Detail"]) for entry in Entries]
        return {"Entries": [{"EventId": "1"} for _ in Entries]}
