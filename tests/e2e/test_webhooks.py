"""Webhooks on a deployed stack: the processor reaches payments at the address of the API, without a token."""

from functools import partial
from operator import eq
from typing import Any

from localstack.shop.deployed import DeployedShop, expect, wait_for
from tests.support.webhooks import PATH


def test_a_dispute_is_heard_of_and_shown_with_the_order(shop: DeployedShop) -> None:
    url = expect(shop.operator.call("POST", f"{PATH}/registration"), 200)["url"]
    assert url.endswith(PATH)
    sku = shop.new_product(price=700, quantity=3)
    shop.on_sale(sku, 700)
    dora = shop.customer("dora")
    method = shop.method("dora", "pm_dispute_at_once")
    order_id = expect(dora.checkout(sku, 1, method), 202)["order_id"]
    wait_for(lambda: dora.order(order_id).body["status"], partial(eq, "CONFIRMED"))
    shop.run_job("acquirer.webhooks.send")

    def shown() -> Any:
        return dora.history(order_id).body.get("dispute")

    wait_for(shown, partial(eq, "OPEN"))
    listed = expect(shop.operator.call("GET", "/payments/differences"), 200)["differences"]
    assert [one["kind"] for one in listed if one["order_id"] == order_id] == ["DISPUTE"]
    refused = shop.anyone.call("POST", PATH, {"id": "evt_1"})
    assert (refused.status, refused.body["error"]) == (400, "UntrustedWebhook")
