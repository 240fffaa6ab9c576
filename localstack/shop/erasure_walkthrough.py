"""The walkthrough of a person: known, sealed, buying, and then to be forgotten."""

import json
import uuid
from dataclasses import replace

from localstack.machine import aws
from localstack.shop.client import fresh_key, money
from localstack.shop.deployed import DeployedShop, expect, wait_for
from localstack.shop.walkthrough import CONFIRMED, Walkthrough, WalkthroughResult

NAME, STREET, LABEL = "Ada Lovelace", "St James Square 12", "my blue card"
HOME = {"lines": [STREET], "city": "London", "country": "GB"}
ERASER = "customers.erasure.erase_due"
TEA, OWN = "Jasmine", "a card of her own"
GIFT = 500


def erased(walk: Walkthrough) -> WalkthroughResult:
    """Ada registers, buys, and asks to be forgotten. The end of that takes longer than the demo."""
    subject = f"ada-{uuid.uuid4().hex[:10]}"
    email = _registered(walk, subject)
    result = _bought(walk, subject)
    found = _places(walk.shop, NAME, email, STREET, subject, LABEL)
    walk.tell(
        f"a scan finds her label in {found}, and no other word of hers: each is sealed under her own key"
    )
    unmet = [] if found == ["SettlePayments"] else [f"words of hers stand in {found}"]
    unmet += _leaves(walk)
    walk.shop.run_job(ERASER)
    status = expect(walk.customer.call("GET", "/customers/me"), 200)["status"]
    walk.tell(
        f"erase_due runs, and she is {status}: it waits until the fence is five minutes old, no order open"
    )
    walk.tell(
        "then it pays her wallet out, detaches her card, and destroys her key: no copy of her can be read"
    )
    walk.tell("this emulator goes on by itself: within a quarter of an hour the last curl below says ERASED")
    unmet += [] if status == "ERASING" else [f"she is {status}: no erasure is as quick as this"]
    ended = f"{result.order}; she is {status}"
    return replace(result, order=ended, unmet=(*result.unmet, *unmet), person=subject)


def _registered(walk: Walkthrough, subject: str) -> str:
    """Registers her, and answers her address of e-mail."""
    walk.customer, email = walk.shop.customer(subject), f"{subject}@shop.example"
    known = expect(walk.customer.call("PUT", "/customers/me", {"name": NAME, "email": email}), 201)
    expect(walk.customer.call("PUT", "/customers/me/addresses/home", HOME), 200)
    walk.tell(f"{NAME} registers. Her token names {subject}; behind the door that is {known['customer_id']}")
    gift = {**money(GIFT), "because": "a gift"}
    path = f"/wallets/{known['customer_id']}/deposits"
    expect(walk.shop.operator.call("POST", path, gift, key=fresh_key()), 201)
    return email


def _bought(walk: Walkthrough, subject: str) -> WalkthroughResult:
    """An order that is paid with a card of her own, which the acquirer knows to be hers."""
    card = {"token": f"pm_approve__{subject.replace('-', '_')}", "label": LABEL}
    method = expect(walk.customer.call("POST", "/payments/methods", card, key=fresh_key()), 201)
    walk.seed = replace(walk.seed, methods={**walk.seed.methods, OWN: method["payment_method"]})
    return walk.end(walk.buy(TEA, OWN), CONFIRMED)


def _leaves(walk: Walkthrough) -> list[str]:
    """Asks to be forgotten. What she asks for after that is refused, once orders and payments have heard."""
    customer, sku = walk.customer, walk.seed.skus[TEA]
    expect(customer.call("POST", "/customers/me/erase", key=fresh_key()), 202)
    found = expect(customer.call("GET", "/customers/me"), 200)
    walk.tell(f"POST /customers/me/erase -> 202; she is {found['status']}, her profile is {found['profile']}")
    tries = {
        "PUT /customers/me": lambda: customer.call("PUT", "/customers/me", {"name": NAME, "email": "a@b"}),
        "POST /payments/methods": lambda: customer.register_method("pm_approve"),
        "POST /checkout": lambda: customer.checkout(sku, 1, "none"),
    }
    for name, ask in tries.items():
        answer = wait_for(ask, lambda answer: answer.status == 409)
        walk.tell(f"{name} -> 409 {answer.body['error']}")
    return [] if found["profile"] is None else ["her profile is still shown"]


def _places(shop: DeployedShop, *words: str) -> list[str]:
    """The stacks with a table in which one of the words stands as it is."""
    dynamodb = aws.client("dynamodb", shop.deployment.endpoint)
    found = set[str]()
    for table in dynamodb.list_tables()["TableNames"]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        text = json.dumps([page["Items"] for page in pages])
        found |= {table.partition("-")[0]} if any(word in text for word in words) else set()
    return sorted(found)
