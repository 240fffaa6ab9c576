"""A person's whole life in the shop, after which not one of their words is found anywhere."""

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from authorizer.handler import handler as door
from kernel import identity
from kernel.triggers import tokens
from ops.invariants import violations
from tests.simulator.plays.playing import sealed
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

CLAIMS = {"iss": "https://idp.example", "sub": "ada.lovelace@idp.example", "role": "customer", "exp": 1 << 33}
ADA = identity.conceal("secret", str(CLAIMS["iss"]), str(CLAIMS["sub"]))
OLGA = {"customer": "olga", "role": "operator"}
PERSON = {"name": "Ada Lovelace", "email": "ada@shop.example", "phone": "+4915123456789"}
HOME = {"lines": ["Countess Road 12"], "city": "Marylebone", "country": "GB", "postcode": "NW15JN"}
CARD = {"token": "pm_approve__lovelace", "label": "Byrons blue card"}
# What is hers, and no part of it is found by chance in anything else.
HERS: tuple[str, ...] = (
    "Lovelace",
    "lovelace",
    "ada@",
    "ada.",
    "4915123456789",
    "Countess",
    "Marylebone",
    "NW15JN",
    "Byron",
)
HERS += ("a-token-of-ada",)
KEPT_BY_PAYMENTS = ("lovelace", "Byron")


@dataclass
class Life:
    """Ada in a world that writes down whatever a function was given, but for the requests over HTTP."""

    world: SimulatedWorld
    given: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.functions.invoked = self._hear

    def _hear(self, function: str, event: Any) -> None:
        if not function.endswith(".api.handler"):
            self.given.append(json.dumps([function, event], default=str, ensure_ascii=False))

    def ask(self, service: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        caller = {"customer": ADA, **options}
        ended = self.world.process(partial(self.world.ask, service, method, path, body, **caller))
        self.world.run()
        found: tuple[int, Any] = ended[0].value
        return found

    def operate(self, service: str, path: str, body: Any, *, key: str) -> None:
        status, _ = self.ask(service, "POST", path, body, key=key, **OLGA)
        assert status == 201, path

    def passes_the_door(self) -> None:
        """Her token is good. Everything behind the door knows her by the id that it tells."""
        asked = {"methodArn": "arn:api/v1/GET/orders", "headers": {"Authorization": "Bearer a-token-of-ada"}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tokens, "_claims", lambda token: CLAIMS)
            patch.setattr(tokens, "_secret", lambda: "secret")
            told = door(asked, None)
        self.given.append(_text(told))
        assert told["context"]["customer_id"] == ADA

    def registers(self) -> None:
        assert self.ask("customers", "PUT", "/customers/me", PERSON)[0] == 201
        assert self.ask("customers", "PUT", "/customers/me/addresses/home", HOME)[0] == 200

    def buys(self, method: dict[str, Any]) -> str:
        key = "-".join(method)
        known = self.ask("payments", "POST", "/payments/methods", method, key=key)[1]["payment_method"]
        body = {"lines": [{"sku": "cup", "quantity": 1}], "payment_method": known}
        status, order = self.ask("orders", "POST", "/checkout", body, key=key)
        assert status == 202
        assert self.ask("orders", "GET", f"/orders/{order['order_id']}")[1]["status"] == "CONFIRMED"
        return str(order["order_id"])

    def is_given_back(self, order_id: str) -> None:
        back = {"amount": 300, "currency": "EUR", "because": "a cup was broken"}
        self.operate("payments", f"/payments/{order_id}/refunds", back, key=order_id)

    def passes(self, minutes: int) -> None:
        self.world.run(60 * minutes)
        for job in ("customers.erasure.erase_due", "payments.refunding.see_to_refunds"):
            self.world.invoke(job)
        self.world.run()

    def leaves(self) -> None:
        assert self.ask("customers", "POST", "/customers/me/erase", key="leave")[0] == 202
        self.passes(1)
        self.passes(15)
        assert self.status() == "ERASED"

    def status(self) -> str:
        return str(self.ask("customers", "GET", "/customers/me")[1]["status"])

    def places(self) -> Iterator[tuple[str, str]]:
        """Everything that is written anywhere in Settle, each with its place. The sandbox is not Settle."""
        for table in self.world.dynamo.tables():
            if table != "acquirer-table":
                yield table, _text(self.world.dynamo.items(table))
        for queue in self.world._all_queues():
            yield f"queue {queue.name}", _text([message.body for message in queue.messages])
        yield "archive", _text([event.model_dump_json() for event in self.world.bus.published])
        yield "logs", _text(self.world.logs)
        yield "metrics", _text(self.world.metrics)
        yield "executions", _text([(one.given, one.ended) for one in self.world.machines.executions])
        yield "given to functions", _text(self.given)

    def found(self, *words: str) -> set[str]:
        """The places at which one of the words stands."""
        return {place for place, text in self.places() if any(word in text for word in words or HERS)}


def _text(value: Any) -> str:
    """As it is, with all JSON in it: no letter of the words is written otherwise."""
    return json.dumps(value, default=str, ensure_ascii=False)


@pytest.fixture
def life() -> Iterator[Life]:
    with simulated() as world:
        SimulatedShop(world).stocked({"cup": 5})
        lived = Life(world)
        lived.passes_the_door()
        lived.registers()
        gift = {"amount": 2000, "currency": "EUR", "because": "the parcel was late"}
        lived.operate("payments", f"/wallets/{ADA}/deposits", gift, key="gift")
        for method in (CARD, {"wallet": True}):
            lived.is_given_back(lived.buys(method))
        lived.passes(1)
        yield lived


def test_not_one_word_of_somebody_erased_is_found_anywhere(life: Life) -> None:
    assert life.found() == {
        "payments-table"
    }  # the token and the label, until they are detached and forgotten
    assert life.found(*KEPT_BY_PAYMENTS) == {"payments-table"}
    assert {"orders-table", "archive", "executions", "logs", "given to functions"} <= life.found(ADA)
    life.leaves()
    assert life.found() == set()
    assert len(life.given) > 50


def test_sums_and_replays_hold_without_the_person(life: Life) -> None:
    life.leaves()
    sealed(life.world)
    assert [str(one) for one in violations(life.world.evidence())] == []
    balances = life.ask("payments", "GET", f"/wallets/{ADA}", **OLGA)[1]["balances"]
    assert [(one["posted"], one["pending"]) for one in balances] == [(0, 0)]
    record = next(item for item in life.world.dynamo.items("customers-keys") if ADA in item["pk"])
    assert record["paid_out"] == [{"amount": 2000 - 1250 + 300, "currency": "EUR"}]


def test_who_was_erased_never_registers_buys_or_is_given_anything_again(life: Life) -> None:
    life.leaves()
    gift = {"amount": 1, "currency": "EUR", "because": "sorry"}
    body = {"lines": [{"sku": "cup", "quantity": 1}], "payment_method": "none"}
    tries: list[Callable[[], tuple[int, Any]]] = [
        lambda: life.ask("customers", "PUT", "/customers/me", PERSON),
        lambda: life.ask("payments", "POST", "/payments/methods", CARD, key="again"),
        lambda: life.ask("orders", "POST", "/checkout", body, key="again"),
        lambda: life.ask("payments", "POST", f"/wallets/{ADA}/deposits", gift, key="again", **OLGA),
    ]
    assert [(status, said["error"]) for status, said in (one() for one in tries)] == [
        (409, "ErasedCustomer")
    ] * 4
    assert life.found() == set()


def test_restored_tables_do_not_bring_the_person_back(life: Life) -> None:
    """As they were when she was a customer. The table of data keys has no backup."""
    tables = life.world.dynamo._tables
    names = [name for name in tables if name not in ("customers-keys", "acquirer-table")]
    backup = pickle.dumps({name: tables[name] for name in names})
    life.leaves()
    (erased,) = [one for one in life.world.bus.published if one.type == "CustomerErased"]
    tables.update(pickle.loads(backup))
    assert life.found() == {"payments-table"}
    shown = life.ask("customers", "GET", f"/customers/{ADA}", **OLGA)[1]
    assert shown == {"customer_id": ADA, "status": "ERASED", "profile": None}
    assert life.ask("customers", "PUT", "/customers/me", PERSON)[1]["error"] == "ErasedCustomer"

    life.world.bus.hand_out(erased)  # an operator publishes once more what customers has said since then
    life.world.run()
    assert life.found() == set()
    assert (
        life.ask("payments", "POST", "/payments/methods", CARD, key="again")[1]["error"] == "ErasedCustomer"
    )
    assert life.found() == set()
