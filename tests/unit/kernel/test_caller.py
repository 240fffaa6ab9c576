"""The caller: until when, in which role, and which records they may see."""

from datetime import UTC, datetime

import pytest

from kernel import identity
from kernel.errors import Forbidden, NotFound, Unauthenticated
from kernel.triggers.tokens import Caller


def test_a_token_that_expired_since_the_gateway_looked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: datetime.fromtimestamp(1_795_000_000, UTC))
    assert Caller("alice", "customer", 1_795_000_001).must_be_current().customer_id == "alice"
    with pytest.raises(Unauthenticated):
        Caller("alice", "customer", 1_795_000_000).must_be_current()


def test_a_role_is_held_or_refused() -> None:
    Caller("alice", "operator", 0).must_be("operator")
    with pytest.raises(Forbidden):
        Caller("alice", "customer", 0).must_be("operator")
    with pytest.raises(Forbidden):
        Caller("alice", "operator", 0).must_be("customer")


@pytest.mark.parametrize("owner", ["bob", None, "", "Alice"])
def test_a_record_of_another_customer_is_not_found(owner: str | None) -> None:
    with pytest.raises(NotFound):
        Caller("alice", "customer", 0).must_see(owner)
    Caller("alice", "operator", 0).must_see(owner)


def test_a_customer_sees_their_own_records() -> None:
    Caller("alice", "customer", 0).must_see("alice")
