"""The way to the card processor: the acquirer's real handler, urllib3's patience, and what goes wrong."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from tests.simulator.faults.kinds import Kind, Planned
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import SimulatedWorld
from tests.support.processor import SECRET, URL

TERMS = {"amount": 1250, "currency": "eur", "metadata[order_id]": "o1"}


@pytest.fixture
def world() -> Iterator[SimulatedWorld]:
    with simulated() as world:
        world.boundary.armed = True
        yield world


def asked(world: SimulatedWorld, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
    """How the request ends: status and body, or what was raised."""
    headers = {"Authorization": f"Bearer {SECRET}"} | ({"Idempotency-Key": key} if key else {})
    text = None if body is None else urlencode(body).encode()

    def request() -> Any:
        answer = world.connections.request(method, URL + path, body=text, headers=headers)
        return answer.status, json.loads(answer.data)

    ended = world.process(request, name="payments")
    world.run()
    return ended[0].error or ended[0].value


def created(world: SimulatedWorld, token: str = "pm_approve", *, key: str = "first") -> str:
    status, intent = asked(world, "POST", "/v1/payment_intents", {**TERMS, "payment_method": token}, key=key)
    assert status == 200, intent
    return str(intent["id"])


def captured(world: SimulatedWorld) -> int:
    query = quote("metadata['order_id']:'o1'")
    _, found = asked(world, "GET", f"/v1/payment_intents/search?query={query}")
    return sum(intent["amount_received"] for intent in found["data"])


def fated(world: SimulatedWorld, kind: Kind) -> None:
    """The next call of the processor has this fault."""
    number = world.boundary.number + 1
    world.boundary.fate = Planned({number: kind})


def test_a_payment_is_captured_at_the_real_acquirer(world: SimulatedWorld) -> None:
    intent = created(world)
    status, answer = asked(world, "POST", f"/v1/payment_intents/{intent}/confirm", key="confirm")
    assert (status, answer["status"], captured(world)) == (200, "succeeded", 1250)


def test_the_same_key_is_the_same_payment_until_the_processor_forgets(world: SimulatedWorld) -> None:
    assert created(world) == created(world)
    assert created(world) != created(world, key="other")
    world.connections.forgetful = True
    assert created(world) != created(world)


def test_calls_of_the_processor_are_told_apart(world: SimulatedWorld) -> None:
    world.boundary.fate = plan = Planned()
    intent = created(world)
    asked(world, "POST", f"/v1/payment_intents/{intent}/confirm", key="confirm")
    asked(world, "GET", f"/v1/payment_intents/{intent}")
    operations = [call.operation for call in plan.calls if call.service == "processor"]
    assert operations == ["POST create", "POST confirm", "GET retrieve"]


def test_an_answer_that_takes_longer_than_urllib3_waits_is_a_timeout_though_money_moves(
    world: SimulatedWorld,
) -> None:
    intent = created(world, "pm_stall")
    path, headers = f"/v1/payment_intents/{intent}/confirm", {"Authorization": f"Bearer {SECRET}"}
    began, heard = world.engine.elapsed, []

    def confirm() -> None:
        keyed = {**headers, "Idempotency-Key": "confirm"}
        with pytest.raises(ReadTimeoutError):
            world.connections.request("POST", URL + path, body=None, headers=keyed)
        (item,) = world.items("acquirer", "intent#")
        heard.append((round(world.engine.elapsed - began), item["status"]))

    world.process(confirm)
    world.run()
    assert heard == [(9, "processing")]
    assert captured(world) == 1250


@pytest.mark.parametrize(
    ("kind", "money"),
    [(Kind.REFUSED, 0), (Kind.LOST, 1250)],
)
def test_a_connection_that_breaks_leaves_open_whether_money_moved(
    world: SimulatedWorld, kind: Kind, money: int
) -> None:
    intent = created(world)
    fated(world, kind)
    ended = asked(world, "POST", f"/v1/payment_intents/{intent}/confirm", key="confirm")
    assert isinstance(ended, ProtocolError)
    assert captured(world) == money


@pytest.mark.parametrize(("kind", "status"), [(Kind.THROTTLED, 429), (Kind.CONFLICT, 409)])
def test_a_busy_way_is_an_http_answer_and_no_money_moves(
    world: SimulatedWorld, kind: Kind, status: int
) -> None:
    intent = created(world)
    fated(world, kind)
    assert asked(world, "POST", f"/v1/payment_intents/{intent}/confirm", key="confirm") == (status, {})
    assert captured(world) == 0


def test_a_processor_that_dies_is_a_bad_gateway(world: SimulatedWorld) -> None:
    intent = created(world)
    world.boundary.fate = Planned({world.boundary.number + 2: Kind.KILLED_BEFORE})
    ended = asked(world, "POST", f"/v1/payment_intents/{intent}/confirm", key="confirm")
    assert ended == (502, {})
