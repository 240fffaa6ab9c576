"""A person registers, is shown, and asks to be forgotten, over HTTP, with IAM and KMS of the emulator."""

import json

from localstack.machine import aws
from localstack.shop.client import fresh_key
from localstack.shop.deployed import DeployedShop, expect, wait_for

ADA = {"name": "Ada Löwe", "email": "ada@shop.example", "phone": "+4915123456789"}
HOME = {"lines": ["Musterweg 1"], "city": "Köln", "country": "DE"}


def test_a_person_is_known_sealed_and_then_refused_everywhere(shop: DeployedShop) -> None:
    ada = shop.customer("ada@shop.example")
    registered = expect(ada.call("PUT", "/customers/me", ADA), 201)
    expect(ada.call("PUT", "/customers/me/addresses/home", HOME), 200)
    shown = expect(ada.call("GET", "/customers/me"), 200)
    assert shown["profile"]["addresses"]["home"]["city"] == "Köln"
    assert shop.operator.call("GET", f"/customers/{registered['customer_id']}").body == shown
    assert leaks(shop) == []

    expect(ada.call("POST", "/customers/me/erase", key=fresh_key()), 202)
    assert expect(ada.call("PUT", "/customers/me", ADA), 409)["error"] == "ErasedCustomer"
    assert expect(ada.call("GET", "/customers/me"), 200)["profile"] is None
    body = {"lines": [{"sku": "none", "quantity": 1}], "payment_method": "none"}
    refused = wait_for(
        lambda: ada.call("POST", "/checkout", body, key=fresh_key()).body["error"],
        lambda error: error == "ErasedCustomer",
    )
    assert refused == "ErasedCustomer"
    wait_for(lambda: ada.register_method("pm_approve").status, lambda found: found == 409)
    assert leaks(shop) == []


def leaks(shop: DeployedShop) -> list[str]:
    """The tables in which a word of the profile, or the token's subject, stands as it is."""
    dynamodb = aws.client("dynamodb", shop.deployment.endpoint)
    found = []
    for table in dynamodb.list_tables()["TableNames"]:
        rows = json.dumps(dynamodb.scan(TableName=table)["Items"], ensure_ascii=False)
        found += [table for word in ("Löwe", "ada@", "4915123456789", "Musterweg") if word in rows]
    return found
