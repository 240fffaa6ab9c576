"""Profiles over HTTP: registered once, changed, shown to the person and to operators, sealed in the table."""

from typing import Any

import pytest

from kernel import identity
from tests.support import aws
from tests.support.customers import ADA, ADDRESS, HOME, PRIVATE, ask, keys, register, said

SERVICE = "customers"
pytestmark = pytest.mark.usefixtures("service")
OPERATOR = {"customer": "olga", "role": "operator"}


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)


def revisions() -> list[str]:
    return [item["sk"] for item in aws.items("customers") if item["pk"] == "profile#alice"]


def test_a_person_registers_once_and_sees_their_profile() -> None:
    shown = {"customer_id": "alice", "status": "ACTIVE", "profile": {**ADA, "addresses": {}}}
    assert register() == (201, shown)
    assert ask("GET", "/customers/me") == (200, shown)
    assert said() == [("CustomerRegistered", 1, {"customer_id": "alice"})]


def test_a_description_that_is_repeated_writes_nothing() -> None:
    first = register()
    before = aws.items("customers"), keys()
    assert register() == (200, first[1])
    assert (aws.items("customers"), keys()) == before


def test_a_change_keeps_the_history_and_is_nobody_elses_business() -> None:
    register()
    status, shown = register({"name": "Ada King", "email": "ada@king.example"})
    assert (status, shown["profile"]["name"], shown["profile"]["phone"]) == (200, "Ada King", None)
    assert revisions() == ["0000000001", "0000000002"]
    assert [kind for kind, *_ in said()] == ["CustomerRegistered"]


def test_addresses_are_kept_by_name_replaced_and_removed() -> None:
    register()
    assert ask("PUT", ADDRESS, HOME)[1]["profile"]["addresses"] == {"home": HOME}
    work = {**HOME, "lines": ["Werk 2"], "postcode": None}
    assert ask("PUT", "/customers/me/addresses/work", work)[0] == 200
    moved = {**HOME, "city": "Aachen"}
    assert ask("PUT", ADDRESS, moved)[1]["profile"]["addresses"] == {"home": moved, "work": work}
    assert register()[1]["profile"]["addresses"] == {"home": moved, "work": work}
    assert ask("DELETE", ADDRESS)[1]["profile"]["addresses"] == {"work": work}
    before = aws.items("customers")
    assert ask("DELETE", ADDRESS)[0] == 200
    assert aws.items("customers") == before


def test_a_profile_has_twenty_addresses_at_most() -> None:
    register()
    for place in range(20):
        assert ask("PUT", f"/customers/me/addresses/a{place}", HOME)[0] == 200
    assert ask("PUT", "/customers/me/addresses/a20", HOME)[1]["error"] == "TooManyAddresses"
    assert ask("PUT", "/customers/me/addresses/a0", {**HOME, "city": "Bonn"})[0] == 200


def test_who_has_not_registered_has_no_profile_and_no_addresses() -> None:
    assert ask("GET", "/customers/me")[0] == 404
    assert ask("PUT", ADDRESS, HOME)[0] == 404
    assert ask("DELETE", ADDRESS)[0] == 404
    assert ask("GET", "/customers/alice", **OPERATOR)[0] == 404
    assert aws.items("customers") == keys() == []


def test_an_operator_sees_a_customer_and_describes_themselves() -> None:
    register()
    assert ask("GET", "/customers/alice", **OPERATOR) == ask("GET", "/customers/me")
    assert register({"name": "Olga", "email": "olga@shop.example"}, **OPERATOR)[0] == 201
    assert ask("GET", "/customers/olga", **OPERATOR)[1]["profile"]["name"] == "Olga"


def test_a_customer_sees_nobody_by_id() -> None:
    register()
    for customer in ("alice", "bob"):
        assert ask("GET", "/customers/alice", customer=customer)[0] == 403


def test_nothing_of_a_profile_stands_in_a_table_or_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    register()
    ask("PUT", ADDRESS, HOME)
    ask("GET", "/customers/me")
    written = str(aws.items("customers")) + str(keys()) + capsys.readouterr().out
    assert [word for word in (*PRIVATE, "home") if word in written] == []


def test_two_people_with_the_same_data_have_nothing_alike_in_the_table() -> None:
    register()
    register(customer="bob")
    rows = [item["sealed"] for item in aws.items("customers") if item["pk"].startswith("profile#")]
    assert len({text for row in rows for text in row.values()}) == 8
    assert len({key["wrapped"] for key in keys()}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "José",
        "李小龍",
        "محمد",
        "\u0645\u06cc\u200c\u0634\u0648\u062f",
        "क्\u200dष",
        "Zoë",
        "O\u2019Brien",
        "Нина",
        "𠮷野",
        "X Æ A-12",
    ],
)
def test_a_name_may_be_of_every_script(name: str) -> None:
    status, shown = register({**ADA, "name": name})
    assert (status, shown["profile"]["name"]) == (201, name)


def test_a_name_is_kept_in_its_composed_form() -> None:
    assert register({**ADA, "name": "Zoe\u0308"})[1]["profile"]["name"] == "Zoë"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " \u200d"},
        {"name": "a\nb"},
        {"name": "a\u202eb"},
        {"name": "\ue000"},
        {"name": "4111 1111 1111 1111"},
        {"name": "x" * 201},
        {"email": "no address"},
        {"email": "a@b@c"},
        {"email": "@"},
        {"phone": "0151 23456789"},
        {"phone": "+4111111111111111"},
        {"phone": "+49151\u0662"},
        {"surprise": "field"},
    ],
    ids=str,
)
def test_a_description_that_is_not_plain_is_refused_and_changes_nothing(wrong: Any) -> None:
    assert register({**ADA, **wrong})[0] == 400
    assert aws.items("customers") == keys() == []


@pytest.mark.parametrize(
    "wrong",
    [{"lines": []}, {"lines": ["x"] * 7}, {"country": "Germany"}, {"city": " "}, {"lines": [7]}],
    ids=str,
)
def test_an_address_that_is_not_plain_is_refused(wrong: Any) -> None:
    register()
    before = aws.items("customers")
    assert ask("PUT", ADDRESS, {**HOME, **wrong})[0] == 400
    assert aws.items("customers") == before


def test_an_address_needs_a_name_that_stands_in_a_path() -> None:
    register()
    assert ask("PUT", "/customers/me/addresses/my%20home", HOME)[0] == 404
