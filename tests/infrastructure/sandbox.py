"""Requests to the sandbox that make it call AWS in each way that it may."""

import pytest

from acquirer import store, transport
from kernel.money import Money
from payments import adapters
from tests.support import aws
from tests.support.processor import SECRET, as_acquirer
from tests.support.world import MotoWorld


def ask_the_sandbox(world: MotoWorld, order_id: str) -> None:
    """What payments does not ask of the sandbox yet, or an operator asks."""
    asked: list[tuple[str, dict[str, str]]] = [
        ("/v1/payment_intents/search", {"query": f"metadata['order_id']:'{order_id}'"}),
        ("/v1/balance_transactions", {}),
        ("/v1/webhook_endpoints", {}),
    ]
    for path, query in asked:
        search = aws.request("GET", path, query=query)
        search["headers"] = {"Authorization": f"Bearer {SECRET}"}
        assert world.call("acquirer.api.handler", search)["statusCode"] == 200, path
    _webhooks(world)


def _webhooks(world: MotoWorld) -> None:
    """An event that is due, which an endpoint wants. Here all functions share one memory of the secret."""
    with as_acquirer():
        adapters.provider().register_webhook("https://shop.example/hook")
        intent_id = adapters.provider().create("pm_stall", Money(1250, "EUR"), reference="", key="late").id
        adapters.provider().confirm(intent_id, key="confirmed-late")
    world.pass_time(60)
    store.secret.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "post", lambda *sent, headers: "Stripe-Signature" in headers)
        world.call("acquirer.webhooks.send", {})
