"""The wiring of the test worlds: tasks, subscriptions and timeouts, and a bus that records events.

Tasks and subscriptions follow from the manifest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.events import Envelope

PUBLISHERS = ("catalog", "customers", "orders", "inventory", "payments")
TABLES = (*PUBLISHERS, "storefront")
MANIFEST: Mapping[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "contracts" / "manifest.json").read_text()
)
TASKS: Mapping[str, str] = {step["name"]: step["handler"] for step in MANIFEST["steps"]}
# What checkout asks of other services, by the environment variable that names the function.
COMMANDS: Mapping[str, str] = {command["variable"]: command["name"] for command in MANIFEST["commands"]}
# The service whose events a consumer reads, if it reads events of named types.
SOURCES: Mapping[str, str] = {each["handler"]: each["of"] for each in MANIFEST["subscriptions"] if each["of"]}
SUBSCRIPTIONS: Mapping[str, frozenset[str] | None] = {
    each["handler"]: frozenset(each["types"]) if each["of"] else None for each in MANIFEST["subscriptions"]
}
# How many events a consumer gets at once, and how many seconds the first of them may wait for the others.
BATCHES: Mapping[str, tuple[int, int]] = {
    each["handler"]: (each["batch"], each["window"]) for each in MANIFEST["subscriptions"]
}

# How many seconds a function may run, where that is not the default.
DEFAULT_TIMEOUT = 10
TIMEOUTS = {
    "acquirer.api.handler": 29,
    "acquirer.webhooks.send": 300,
    "checkout.api.handler": 29,
    "checkout.repair.reconcile": 300,
    "checkout.saga.start": 30,
    "checkout.repair.sweep": 300,
    "customers.erasure.erase_due": 300,
    "inventory.consumers.handler": 30,
    "inventory.tasks.claim_open": 30,
    "kernel.triggers.relay.handler": 60,
    "kernel.triggers.relay.republish": 120,
    "operations.api.handler": 29,
    "orders.consumers.handler": 30,
    "orders.erasure.count_open_orders": 20,
    "orders.erasure.handler": 30,
    "orders.tasks.claim_overdue": 30,
    "orders.tasks.select_parked": 20,
    "payments.consumers.handler": 30,
    "payments.audit.audit": 300,
    "payments.reconciliation.reconcile": 300,
    "payments.refunding.see_to_refunds": 300,
    "payments.webhooks_api.handler": 29,
    "payments.replay.replay": 300,
    "payments.sealing.seal": 60,
    "payments.tasks.claim_unsold": 30,
    "payments.watch.watch": 300,
    "payments.erasure.forget_methods": 300,
    "payments.erasure.handler": 30,
    "payments.tasks.charge_payment": 24,
    "payments.tasks.refund_payment": 24,
    "storefront.projector.handler": 30,
}


@dataclass
class RecordingBus:
    """Stands in for EventBridge in `kernel.triggers.relay`, and records the events in order."""

    published: list[Envelope] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3
        self.published += [Envelope.model_validate_json(entry["Detail"]) for entry in Entries]
        return {"Entries": [{"EventId": "1"} for _ in Entries]}
