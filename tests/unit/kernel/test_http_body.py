"""Request bodies: one JSON value of a bearable size, in its shape, without a card number."""

import base64
import json
from typing import Annotated, Any

import pytest
from pydantic import Field

from kernel.privacy import CardFree
from kernel.triggers.http import LARGEST_BODY, Api, Body, Response, Slug, answer
from tests.support import aws

CARD = "4242424242424242"
api = Api()


class SampleLine(Body):
    sku: Slug
    quantity: Annotated[int, Field(ge=1, le=999)]


class SampleOrder(Body):
    lines: Annotated[list[SampleLine], Field(min_length=1, max_length=50)]
    note: CardFree = "none"
    text: str = ""


class SampleParcel(Body):
    grams: float


@api.post("/parcels", role=None, answers={200: dict})
def take_parcel() -> Response:
    return answer(200, {"fingerprint": api.body(SampleParcel).fingerprint()})


@api.post("/orders", role=None, answers={200: dict})
def take_order() -> Response:
    return answer(200, {"fingerprint": api.body(SampleOrder).fingerprint()})


def send(body: Any, **changed: Any) -> tuple[int, dict[str, Any]]:
    said = api(aws.request("POST", "/orders", body) | changed, None)
    return said["statusCode"], json.loads(said["body"])


def order(**changed: Any) -> dict[str, Any]:
    return {"lines": [{"sku": "mug", "quantity": 1}], **changed}


def line(**changed: Any) -> dict[str, Any]:
    return order(lines=[{"sku": "mug", "quantity": 1, **changed}])


def fingerprint(body: Any) -> str:
    status, said = send(body)
    assert status == 200
    return str(said["fingerprint"])


def test_a_good_body_is_read() -> None:
    assert send(order(note="Please ring", text="x"))[0] == 200


def test_bodies_that_differ_in_form_only_have_one_fingerprint() -> None:
    spaced = '{ "text":"é", "lines" : [ {"quantity":1, "sku":"mug"} ] }'
    assert fingerprint(spaced) == fingerprint(order(text="é")) == fingerprint(order(text="é", note="none"))


def test_a_field_added_by_a_release_leaves_the_fingerprints_of_before_alone() -> None:
    class Later(SampleParcel):
        insured: bool = False

    asked = json.dumps(dict.fromkeys(SampleParcel.model_fields, 1))
    now, later = SampleParcel.model_validate_json(asked), Later.model_validate_json(asked)
    assert now.fingerprint() == later.fingerprint()


@pytest.mark.parametrize("other", [line(quantity=2), line(sku="lid"), order(note="x"), order(text="x")])
def test_bodies_that_ask_for_something_else_have_another_fingerprint(other: Any) -> None:
    assert fingerprint(other) != fingerprint(order())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "lines"),
        (order(lines=[]), "lines"),
        (order(lines=[{"sku": "mug", "quantity": 1}] * 51), "lines"),
        (order(lines={"sku": "mug", "quantity": 1}), "lines"),
        (line(quantity=0), "lines.0.quantity"),
        (line(quantity=1000), "lines.0.quantity"),
        (line(quantity="1"), "lines.0.quantity"),
        (line(quantity=True), "lines.0.quantity"),
        (line(quantity=1.0), "lines.0.quantity"),
        (line(quantity=None), "lines.0.quantity"),
        (line(quantity=10**400), "lines.0.quantity"),
        (line(sku="a b"), "lines.0.sku"),
        (line(sku="mug\n"), "lines.0.sku"),
        (line(sku=""), "lines.0.sku"),
        (line(sku=7), "lines.0.sku"),
        (order(note=CARD), "note"),
        (order(note=""), "note"),
        (order(note="x" * 129), "note"),
        (order(text=7), "text"),
        ([], "body"),
        ("null", "body"),
        ("7", "body"),
        ('"text"', "body"),
    ],
)
def test_a_body_of_another_shape_is_refused_and_its_field_is_named(body: Any, field: str) -> None:
    status, problem = send(body)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert [found["field"] for found in problem["fields"]] == [field]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        " ",
        "{",
        "not json",
        '{"lines": [{"sku": "mug", "quantity": 1}]} {}',
        "{'lines': []}",
        '{"lines": [{"sku": "mug", "quantity": NaN}]}',
        '{"lines": [{"sku": "mug", "quantity": Infinity}]}',
        '{"lines": [{"sku": "mug", "quantity": -Infinity}]}',
        '{"text": "a", "text": "a", "lines": [{"sku": "mug", "quantity": 1}]}',
        '{"lines": [{"sku": "mug", "quantity": 1, "quantity": 2}]}',
        '{"lines": [{"sku": "mug", "quantity": 1, "quantit\\u0079": 2}]}',
        "[" * 30_000,
        '{"a":' * 10_000,
        '{"lines": ' + "[" * 30_000 + "]" * 30_000 + "}",
        '{"lines": [{"sku": "mug", "quantity": ' + "9" * 5000 + "}]}",
        '{"text": "\\ud800", "lines": [{"sku": "mug", "quantity": 1}]}',
        '{"text": "\ud800", "lines": [{"sku": "mug", "quantity": 1}]}',
        '{"text": "a\tb", "lines": [{"sku": "mug", "quantity": 1}]}',
        "\ufeff" + json.dumps(order()),
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_body_that_is_not_one_plain_json_value_is_refused(body: str | None) -> None:
    status, problem = send(body)
    assert (status, problem["error"]) == (400, "InvalidRequest")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused_even_where_fractions_are_read(number: str) -> None:
    assert send('{"grams": 1.5}', path="/parcels")[0] == 200
    assert send(f'{{"grams": {number}}}', path="/parcels")[0] == 400


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    room = LARGEST_BODY - len(json.dumps(order(text="")))
    assert LARGEST_BODY == 65_536
    assert send(json.dumps(order(text="x" * room)))[0] == 200
    status, problem = send(json.dumps(order(text="x" * (room + 1))))
    assert (status, problem["message"]) == (400, "the body must be at most 65536 bytes")


def test_a_body_is_measured_in_bytes() -> None:
    text = json.dumps(order(text="é" * 33_000), ensure_ascii=False)
    assert len(text) < LARGEST_BODY
    assert send(text)[0] == 400


def test_a_body_in_base64_is_the_same_body() -> None:
    encoded = base64.b64encode(json.dumps(order(text="é")).encode()).decode()
    assert send(encoded, isBase64Encoded=True) == send(order(text="é"))


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe{}", json.dumps(order()).encode("utf-16"), b'{"text": "\xed\xa0\x80"}', b"\xc0\x80"]
)
def test_a_body_that_is_no_utf_8_is_refused(raw: bytes) -> None:
    assert send(base64.b64encode(raw).decode(), isBase64Encoded=True)[0] == 400


@pytest.mark.parametrize("text", ["a", "====", "é", "\ud800"])
def test_a_body_that_is_no_base64_is_refused(text: str) -> None:
    assert send(text, isBase64Encoded=True)[0] == 400


@pytest.mark.parametrize(
    "body", [order(**{CARD: 1}), line(**{CARD: 1}), order(note=CARD), line(sku=CARD + " ")]
)
def test_a_problem_never_repeats_what_was_sent(body: Any) -> None:
    status, problem = send(body)
    assert status == 400
    assert CARD not in json.dumps(problem)


def test_an_unknown_field_is_refused_without_being_named() -> None:
    _, problem = send(order(surprise=1))
    assert problem["fields"] == [{"field": "body", "problem": "Extra inputs are not permitted"}]
    _, problem = send(line(surprise=1))
    assert [found["field"] for found in problem["fields"]] == ["lines.0"]


def test_a_body_that_was_read_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        SampleLine(sku="mug", quantity=1).quantity = 2
