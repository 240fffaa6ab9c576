"""Erasure: fenced at once, waited for, then the key is destroyed; every part may fail and run again."""

from collections.abc import Sequence
from typing import Any

import pytest

from customers import domain
from customers import keys as data_keys
from customers.commands import CountOpenOrders, FenceCustomer, ForgetMethods, PayOutWallet
from customers.erasure import ErasureIncomplete
from kernel.errors import CommandFailed
from kernel.money import Money
from kernel.triggers.commands import Command
from tests.support import aws
from tests.support.clock import Clock
from tests.support.customers import (
    ADDRESS,
    HOME,
    Others,
    ask,
    erase,
    erase_by_operator,
    keys,
    register,
    run,
    said,
    status,
)

SERVICE = "customers"
pytestmark = pytest.mark.usefixtures("service")
ACCEPTED = (202, {"customer_id": "alice", "links": {"customer": "/customers/me"}})
STARTED = ("CustomerErasureStarted", 2, {"customer_id": "alice"})
ERASED = ("CustomerErased", 3, {"customer_id": "alice"})


def test_a_person_who_asks_is_fenced_at_once(clock: Clock) -> None:
    register()
    assert erase() == ACCEPTED
    assert status() == "ERASING"
    assert said()[1:] == [STARTED]
    assert ask("GET", "/customers/me")[1]["profile"] is None
    assert register()[1]["error"] == "ErasedCustomer"
    assert ask("PUT", ADDRESS, HOME)[1]["error"] == "ErasedCustomer"
    assert erase("again") == erase() == ACCEPTED
    assert len(said()) == 2


def test_the_key_is_destroyed_once_the_fence_has_settled_and_no_order_is_open(
    clock: Clock, others: Others
) -> None:
    register()
    erase()
    assert run(clock) == {"erased": 0, "waiting": 1}
    assert "wrapped" in keys()[0]
    assert run(clock, after=9) == {"erased": 0, "waiting": 0}
    assert run(clock, after=1) == {"erased": 1, "waiting": 0}
    assert "wrapped" not in keys()[0]
    assert keys()[0]["by"] == "customer"
    assert said()[1:] == [STARTED, ERASED]
    assert status() == "ERASED"
    assert run(clock, after=60) == {"erased": 0, "waiting": 0}
    assert register()[1]["error"] == "ErasedCustomer"
    assert erase("late") == erase() == ACCEPTED


def test_the_record_of_an_erasure_says_how_much_was_paid_out_of_the_wallet(
    clock: Clock, others: Others
) -> None:
    register()
    erase()
    others.credit["alice"] = (Money(750, "EUR"), Money(20, "USD"))
    run(clock)
    run(clock, after=10)
    assert keys()[0]["paid_out"] == [
        {"amount": 750, "currency": "EUR"},
        {"amount": 20, "currency": "USD"},
    ]
    assert others.asked.index("PayOutWallet") < others.asked.index("ForgetMethods")


@pytest.mark.parametrize("kind", ["open", "parked"])
def test_an_open_order_is_waited_for(clock: Clock, others: Others, kind: str) -> None:
    register()
    erase()
    others.open["alice", kind] = 1
    for _ in range(5):
        assert run(clock, after=10)["erased"] == 0
    assert not {"PayOutWallet", "ForgetMethods"} & {*others.asked}
    assert "wrapped" in keys()[0]
    others.open.clear()
    assert run(clock, after=10)["erased"] == 1


def test_an_order_that_stays_open_for_a_week_is_told_of(clock: Clock, others: Others) -> None:
    register()
    erase()
    others.open["alice", "parked"] = 1
    run(clock)
    assert run(clock, after=7 * 24 * 60 - 11)["waiting"] == 1
    with pytest.raises(ErasureIncomplete):
        run(clock, after=12)


@pytest.mark.parametrize("command", [FenceCustomer, CountOpenOrders, PayOutWallet, ForgetMethods])
def test_a_service_that_fails_holds_up_nothing_but_the_erasure(
    clock: Clock, others: Others, command: type[Command[Any]]
) -> None:
    register()
    erase()
    if command is not FenceCustomer:
        run(clock)
    others.fails = {command}
    with pytest.raises(ErasureIncomplete):
        run(clock, after=10)
    assert "wrapped" in keys()[0]
    assert status() == "ERASING"
    others.fails = set()
    run(clock, after=10)
    run(clock, after=10)
    assert status() == "ERASED"


def test_a_run_that_died_after_the_key_was_destroyed_is_gone_on_with(
    clock: Clock, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    erase()
    run(clock)
    finishing = domain.finish_erasure
    monkeypatch.setattr(domain, "finish_erasure", _dying)
    with pytest.raises(ErasureIncomplete):
        run(clock, after=10)
    assert "wrapped" not in keys()[0]
    destroyed = keys()
    monkeypatch.setattr(domain, "finish_erasure", finishing)
    assert run(clock, after=10)["erased"] == 1
    assert keys() == destroyed
    assert said()[1:] == [STARTED, ERASED]


def test_one_erasure_that_fails_holds_up_no_other(
    clock: Clock, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer in ("alice", "bob", "carol", "dave"):
        register(customer=customer)
        erase(customer=customer)
    run(clock)
    destroying = data_keys.destroy

    def destroy(customer_id: str, *, by: str, paid_out: Sequence[Money]) -> None:
        if customer_id == "bob":
            raise CommandFailed
        destroying(customer_id, by=by, paid_out=paid_out)

    monkeypatch.setattr(data_keys, "destroy", destroy)
    with pytest.raises(ErasureIncomplete):
        run(clock, after=10)
    gone = [
        ask("GET", "/customers/me", customer=one)[1]["status"] for one in ("alice", "bob", "carol", "dave")
    ]
    assert gone == ["ERASED", "ERASING", "ERASED", "ERASED"]


def test_who_never_registered_is_forgotten_all_the_same(clock: Clock, others: Others) -> None:
    assert erase()[0] == 202
    run(clock)
    run(clock, after=10)
    assert [kind for kind, *_ in said()] == ["CustomerErasureStarted", "CustomerErased"]
    assert register()[1]["error"] == "ErasedCustomer"
    assert [set(key) for key in keys()] == [{"pk", "sk", "destroyed_at", "by"}]


def test_an_operator_erases_a_customer_and_says_why_in_a_private_row(clock: Clock, others: Others) -> None:
    register()
    assert erase_by_operator("alice", because="a letter of 3 May")[0] == 202
    assert erase_by_operator("alice", because="a letter of 3 May")[0] == 202
    assert erase_by_operator("alice", because="another reason")[1]["error"] == "KeyReused"
    holding = [item["pk"] for item in aws.items("customers") if "a letter of 3 May" in str(item)]
    assert [pk.partition("#")[0] for pk in holding] == ["reason"]
    run(clock)
    run(clock, after=10)
    assert keys()[0]["by"] == "operator"


def test_a_customer_erases_nobody_else_and_a_key_is_needed() -> None:
    register(customer="bob")
    refused = ask("POST", "/customers/bob/erase", {"because": "because"}, key="k")
    assert refused[0] == 403
    assert ask("POST", "/customers/me/erase")[0] == 400
    assert ask("POST", "/customers/me/erase", key="k", customer="olga", role="operator")[0] == 403
    assert ask("GET", "/customers/me", customer="bob")[1]["status"] == "ACTIVE"


def _dying(*_: Any, **__: Any) -> None:
    raise CommandFailed("it dies here")
