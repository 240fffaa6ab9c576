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
    "ResumeOrder": "orders.tasks.resume_order",
    "ResolveOrder": "orders.tasks.resolve_order",
    "PaymentStatus": "payments.tasks.payment_status",
    "ReservationStatus": "inventory.tasks.reservation_status",
}
# What checkout asks of other services, by the environment variable that names the function.
COMMANDS = {
    "CLAIM_OVERDUE": "ClaimOverdue",
    "ORDER_STATUS": "OrderStatus",
    "CLAIM_OPEN": "ClaimOpen",
    "COMMIT_STOCK": "CommitStock",
    "RELEASE_STOCK": "ReleaseStock",
    "RESUME_ORDER": "ResumeOrder",
    "RESOLVE_ORDER": "ResolveOrder",
    "PAYMENT_STATUS": "PaymentStatus",
    "RESERVATION_STATUS": "ReservationStatus",
}
# Whose events a consumer of named types hears.
SOURCES = {
    "orders.consumers.handler": "catalog",
    "inventory.consumers.handler": "orders",
    "checkout.saga.start": "orders",
}
SUBSCRIPTIONS: Mapping[str, frozenset[str] | None] = {
    "orders.consumers.handler": frozenset({"ProductListed", "PriceChanged", "ProductRetired"}),
    "inventory.consumers.handler": frozenset({"OrderConfirmed"}),
    "checkout.saga.start": frozenset({"OrderPlaced"}),
    "storefront.projector.handler": None,
}


# How many seconds a function may run, where that is not the default.
DEFAULT_TIMEOUT = 10
TIMEOUTS = {
    "acquirer.api.handler": 29,
    "checkout.api.handler": 29,
    "checkout.repair.reconcile": 300,
    "checkout.saga.start": 30,
    "checkout.repair.sweep": 300,
    "inventory.consumers.handler": 30,
    "inventory.tasks.claim_open": 30,
    "kernel.triggers.relay.handler": 60,
    "kernel.triggers.relay.republish": 120,
    "operations.api.handler": 29,
    "orders.consumers.handler": 30,
    "orders.tasks.claim_overdue": 30,
    "payments.tasks.charge_payment": 24,
    "payments.tasks.refund_payment": 24,
    "storefront.projector.handler": 30,
}


@dataclass
class Bus:
    """Stands where EventBridge does for `kernel.triggers.relay`; keeps what was put, in order."""

    published: list[Envelope] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3
        self.published += [Envelope.model_validate_json(entry["Detail"]) for entry in Entries]
        return {"Entries": [{"EventId": "1"} for _ in Entries]}
