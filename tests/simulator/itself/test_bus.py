"""The bus: to whom an event goes, once when it is calm, and again when it storms."""

import json
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from kernel.events import Envelope
from tests.simulator.aws.delivery import Bus, Queue, Rule
from tests.simulator.engine import Engine
from tests.simulator.faults.weather import DAY, Storm, Weather
from tests.support.events import arriving

PLACED = arriving("OrderPlaced", source="orders", subject="o1", sequence=1)
CONFIRMED = arriving("OrderConfirmed", source="orders", subject="o1", sequence=2)
OTHER = arriving("OrderPlaced", source="payments", subject="o1", sequence=1)
FOREIGN = PLACED.model_copy(update={"source": "aws.health"})


def entry(event: Envelope) -> dict[str, Any]:
    return {"Source": event.source, "DetailType": event.type, "Detail": event.model_dump_json()}


def connected(weather: Weather, *rules: tuple[str, frozenset[str]]) -> tuple[Bus, list[Queue]]:
    engine = Engine()
    bus = Bus(engine, weather)
    queues = [Queue(str(rule), engine, weather) for rule in rules]
    bus.rules = [Rule(queue, *rule) for queue, rule in zip(queues, rules, strict=True)]
    return bus, queues


def types(queue: Queue) -> list[tuple[str, str]]:
    details = [json.loads(message.body)["detail"] for message in queue.messages]
    return [(detail["source"], detail["type"]) for detail in details]


def test_an_event_goes_to_the_rules_of_its_source_and_type() -> None:
    named = ("orders", frozenset({"OrderPlaced"}))
    bus, (some, everything) = connected(Weather(), named, ("", frozenset()))
    for event in (PLACED, CONFIRMED, OTHER, FOREIGN):
        bus.put(entry(event))
    bus.engine.run()
    assert types(some) == [("settle.orders", "OrderPlaced")]
    assert types(everything) == [(event.source, event.type) for event in (PLACED, CONFIRMED, OTHER)]
    assert bus.published == [PLACED, CONFIRMED, OTHER, FOREIGN]


def test_an_event_arrives_as_it_was_put() -> None:
    bus, (queue,) = connected(Weather(), ("", frozenset()))
    assert bus.put(entry(PLACED)) == {"EventId": PLACED.id}
    bus.engine.run()
    assert Envelope.model_validate(json.loads(queue.messages[0].body)["detail"]) == PLACED


def test_an_entry_that_says_something_else_than_its_envelope_is_no_event() -> None:
    bus, _ = connected(Weather())
    with pytest.raises(AssertionError):
        bus.put(entry(PLACED) | {"Source": "settle.payments"})
    with pytest.raises(ValidationError):
        bus.put(entry(PLACED) | {"Detail": "{}"})
    assert bus.published == []


def test_what_is_handed_out_again_is_not_published_again() -> None:
    bus, (queue,) = connected(Weather(), ("", frozenset()))
    bus.put(entry(PLACED))
    bus.hand_out(PLACED)
    bus.engine.run()
    assert (len(queue.messages), len(bus.published)) == (2, 1)


def test_in_a_storm_nothing_is_missing_and_something_comes_twice_and_overtakes() -> None:
    bus, (queue,) = connected(Storm(random=Random(1)), ("", frozenset()))
    events = [PLACED.model_copy(update={"subject": str(number)}) for number in range(200)]
    for event in events:
        bus.put(entry(event))
    bus.engine.run()
    came = [json.loads(message.body)["detail"]["subject"] for message in queue.messages]
    assert {*came} == {event.subject for event in events}
    assert 205 < len(came) < 300
    assert came != sorted(came, key=int)
    assert bus.engine.elapsed > DAY
