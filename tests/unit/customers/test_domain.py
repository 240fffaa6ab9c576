"""Customers' decisions: register, change, erase, and what a profile is as text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from customers import domain
from customers.domain import Address, Customer, ErasedCustomer, NotErasing, Profile, Status
from customers.events import CustomerErased, CustomerErasureStarted, CustomerRegistered
from kernel.errors import NotFound

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW = Customer("c1")
KNOWN = Customer("c1", revision=3, sequence=1, version=3)
LEAVING = Customer("c1", Status.ERASING, revision=3, by="customer", asked_at=NOON, due_at=NOON)
GONE = Customer("c1", Status.ERASED, revision=3, by="customer", asked_at=NOON)
ADDRESSES = some.dictionaries(
    some.text(min_size=1),
    some.builds(
        Address,
        some.lists(some.text(), min_size=1).map(tuple),
        some.text(),
        some.text(),
        some.none() | some.text(),
    ),
)


def test_the_first_profile_registers_the_customer() -> None:
    decision = domain.revise(NEW)
    assert decision.facts == (CustomerRegistered(customer_id="c1"),)
    assert decision.state.revision == 1


def test_a_further_profile_is_written_and_published_to_nobody() -> None:
    decision = domain.revise(KNOWN)
    assert (decision.facts, decision.is_new, decision.state.revision) == ((), True, 4)


@pytest.mark.parametrize("customer", [LEAVING, GONE], ids=["erasing", "erased"])
def test_nothing_new_is_taken_from_who_is_to_be_forgotten(customer: Customer) -> None:
    with pytest.raises(ErasedCustomer):
        domain.revise(customer)


@pytest.mark.parametrize("customer", [NEW, KNOWN], ids=["unregistered", "registered"])
def test_an_erasure_starts_once_and_is_due_at_once(customer: Customer) -> None:
    decision = domain.start_erasure(customer, by="operator", at=NOON)
    erasing = decision.state
    assert decision.facts == (CustomerErasureStarted(customer_id="c1"),)
    assert (erasing.status, erasing.by, erasing.asked_at, erasing.due_at) == (
        Status.ERASING,
        "operator",
        NOON,
        NOON,
    )


@pytest.mark.parametrize("customer", [LEAVING, GONE], ids=["erasing", "erased"])
def test_an_erasure_that_has_started_stays_as_it_is(customer: Customer) -> None:
    decision = domain.start_erasure(customer, by="operator", at=NOON)
    assert (decision.state, decision.is_new) == (customer, False)


def test_an_erasure_ends_once() -> None:
    decision = domain.finish_erasure(LEAVING)
    assert decision.facts == (CustomerErased(customer_id="c1"),)
    assert decision.state.status is Status.ERASED
    assert domain.finish_erasure(GONE).is_new is False
    with pytest.raises(NotErasing):
        domain.finish_erasure(KNOWN)


@given(some.builds(Profile, some.text(), some.text(), some.none() | some.text(), ADDRESSES))
def test_a_profile_is_the_same_after_it_was_text(profile: Profile) -> None:
    assert domain.profile_of(profile.texts()) == profile


def test_an_address_needs_a_profile() -> None:
    with pytest.raises(NotFound):
        domain.with_address(None, name="home", address=Address(("x",), "y", "DE"))
    with pytest.raises(NotFound):
        domain.without_address(None, "home")
