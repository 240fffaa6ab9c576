"""Data keys: one per person, unwrapped for that person only, gone when destroyed, a fault when KMS fails."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from customers import keys, sealing, store
from customers.domain import ErasedCustomer
from kernel import identity
from tests.support import aws
from tests.support.customers import ADA, ask, register
from tests.support.customers import keys as stored

SERVICE = "customers"
pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets KMS answer every call with that error."""

    def fail(code: str) -> None:
        def refuse(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": code}}, "Decrypt")

        broken = type("Kms", (), {"decrypt": staticmethod(refuse), "generate_data_key": staticmethod(refuse)})
        monkeypatch.setattr(keys, "kms", broken)

    return fail


def test_a_key_is_made_once_and_found_again() -> None:
    made = keys.make("alice")
    assert len(made) == 32
    assert keys.make("alice") == keys.find("alice") == made
    assert keys.make("bob") != made


def test_a_key_is_wrapped_for_one_person_only() -> None:
    keys.make("alice")
    keys.make("bob")
    rows = {row["pk"]: row for row in stored()}
    moved = {**rows["key#alice"], "wrapped": rows["key#bob"]["wrapped"]}
    aws.client("dynamodb").put_item(TableName=aws.SEALING["KEYS"], Item=_packed(moved))
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        keys.find("alice")


def test_a_destroyed_key_leaves_when_and_by_which_role_and_is_never_made_again() -> None:
    keys.make("alice")
    keys.destroy("alice", by="operator")
    (row,) = stored()
    assert set(row) == {"pk", "sk", "made_at", "destroyed_at", "by"}
    assert row["by"] == "operator"
    assert keys.find("alice") is None
    with pytest.raises(ErasedCustomer):
        keys.make("alice")


def test_destroying_twice_keeps_the_first_record() -> None:
    keys.destroy("alice", by="customer")
    before = stored()
    keys.destroy("alice", by="operator")
    assert stored() == before


@pytest.mark.parametrize("code", ["KMSInternalException", "ThrottlingException", "DisabledException"])
def test_a_kms_that_fails_is_a_fault_and_erases_nobody(failing: Callable[[str], None], code: str) -> None:
    register()
    before = aws.items("customers"), stored()
    failing(code)
    assert ask("GET", "/customers/me")[0] == 500
    assert register({**ADA, "name": "Ada King"})[0] == 500
    assert register(customer="bob")[0] == 500
    assert (aws.items("customers"), stored()) == before


def test_a_key_that_is_gone_is_the_erased_form_whatever_the_table_says() -> None:
    register()
    keys.destroy("alice", by="customer")
    erased = {"customer_id": "alice", "status": "ERASED", "profile": None}
    assert ask("GET", "/customers/me") == (200, erased)
    assert register()[1]["error"] == "ErasedCustomer"


@pytest.mark.parametrize("moved", ["another person", "another field", "changed"])
def test_a_sealed_field_opens_only_where_it_was_sealed(moved: str) -> None:
    register()
    key, sealed = keys.find("alice"), dict(store.sealed(store.load("alice")))
    assert key is not None
    assert sealing.unseal(sealed, key, of="alice")["name"] == ADA["name"]
    person = "bob" if moved == "another person" else "alice"
    if moved == "another field":
        sealed["name"] = sealed["email"]
    if moved == "changed":
        sealed["name"] = "A" + sealed["name"][1:] if sealed["name"][0] != "A" else "B" + sealed["name"][1:]
    with pytest.raises(sealing.SealBroken):
        sealing.unseal(sealed, key, of=person)


def test_two_first_registrations_at_once_seal_under_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    making, calls = keys.make, list[str]()

    def overtaken(customer_id: str) -> bytes:
        if not calls:
            calls.append(customer_id)
            assert register({**ADA, "name": "The other"})[0] == 201
        return making(customer_id)

    monkeypatch.setattr(keys, "make", overtaken)
    assert register()[0] == 200
    assert ask("GET", "/customers/me")[1]["profile"]["name"] == ADA["name"]
    assert len(stored()) == 1


def _packed(row: Any) -> Any:
    return {name: {"S": value} for name, value in row.items()}
