"""A digest changes with everything that decides a world's future, and with nothing else."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.circuit_breaker import CircuitState

from payments import circuit, transport
from tests.simulator.faults.kinds import Kind
from tests.simulator.plays import digest as module
from tests.simulator.plays.digest import LEFT_OUT, digest
from tests.simulator.plays.playing import Troubled
from tests.simulator.plays.rehearsal import rehearsal
from tests.simulator.settle.people import SimulatedShop

SCENARIO = "the relay gives up, then its queue republishes"
Change = Callable[[SimulatedShop], Any]


@pytest.fixture
def shop() -> Iterator[SimulatedShop]:
    """A world in the middle of its story: an order, a batch that comes again, an event that is missing."""
    moments = [moment for _, moment in rehearsal(SCENARIO).moments]
    with moments[len(moments) // 2].again() as shop:
        yield shop


def _items(shop: SimulatedShop, service: str) -> dict[Any, Any]:
    return shop.world.dynamo._tables[f"{service}-table"].now.items


def _message(shop: SimulatedShop) -> Any:
    queue = next(iter(shop.world.queues.values()))
    queue.put("{}")
    return queue.messages[0]


def _execution(shop: SimulatedShop) -> Any:
    return shop.world.machines.executions[0]


def _troubled(shop: SimulatedShop) -> Troubled:
    troubled = shop.world.boundary.fate
    assert isinstance(troubled, Troubled)
    return troubled


def _item(shop: SimulatedShop) -> None:
    items = _items(shop, "orders")
    key = next(iter(items))
    items[key] = items[key] | {"more": {"S": "text"}}


def _lagging(shop: SimulatedShop) -> None:
    before = shop.world.dynamo._tables["orders-table"].before.items
    before.pop(next(iter(before)))


def _timer(shop: SimulatedShop) -> list[Any]:
    """One that was not cancelled."""
    return next(entry for entry in shop.world.engine._queue if entry[2] is not None)


def _later(shop: SimulatedShop) -> None:
    _timer(shop)[0] += timedelta(milliseconds=1)


def _other_act(shop: SimulatedShop) -> None:
    _timer(shop)[2] = shop.ask_again


DECIDES: dict[str, Change] = {
    "an item": _item,
    "an item as a read that lags sees it": _lagging,
    "an item that is gone": lambda shop: _items(shop, "payments").popitem(),
    "a timer": lambda shop: shop.world.engine.after(5, shop.ask_again),
    "when a timer comes": _later,
    "what a timer does": _other_act,
    "a message": lambda shop: next(iter(shop.world.queues.values())).put("{}"),
    "how often a message was received": lambda shop: setattr(_message(shop), "receives", 1),
    "whether a message is hidden": lambda shop: setattr(_message(shop), "hidden", True),
    "a dead letter": lambda shop: shop.world.lost["orders"].dead.put("{}"),  # type: ignore[union-attr]
    "a record of a stream": lambda shop: next(iter(shop.world.streams.shards.values())).records.append({}),
    "a busy shard": lambda shop: setattr(next(iter(shop.world.streams.shards.values())), "busy", 7),
    "a published event": lambda shop: shop.world.bus.published.pop(),
    "a token of ours": lambda shop: shop.world.dynamo._tokens.update(ours=("{}", shop.world.engine.now)),
    "an execution": lambda shop: shop.world.machines.executions.pop(),
    "an execution's status": lambda shop: setattr(_execution(shop), "status", "FAILED"),
    "an execution's input": lambda shop: setattr(_execution(shop), "given", "{}"),
    "who acts when a state is entered": lambda shop: shop.world.machines.entering.update(A=[shop.ask_again]),
    "what the processor forgets": lambda shop: setattr(shop.world.connections, "forgetful", True),
    "what a customer was answered": lambda shop: shop.answers.update({("a", "b", "c"): [1]}),
    "what a customer will ask again": lambda shop: shop.requests.popitem(),
    "what was seen to be wrong": lambda shop: shop.seen.append("wrong"),
    "rounds of an operator": lambda shop: setattr(shop, "rounds", 5),
    "troubles to come": lambda shop: setattr(_troubled(shop), "_left", [3]),
    "whether calls may fail": lambda shop: setattr(shop.world.boundary, "armed", False),
    "failures that a circuit counts": lambda shop: shop.world.counters.failures.update({"a circuit": 1}),
    "a circuit that was seen open": lambda shop: shop.world.counters.observed.update(
        {"a circuit": CircuitState.OPEN}
    ),
    "a charge that failed": lambda shop: circuit.breaker(),
    "a warm function": lambda shop: transport.secret.cache_clear(),
}
DECIDES_NOTHING: dict[str, Change] = {
    "a log line": lambda shop: shop.world.logs.append("line"),
    "the number of the next call": lambda shop: setattr(shop.world.boundary, "number", 9_999),
    "a cancelled timer": lambda shop: shop.world.engine.cancel(shop.world.engine.after(5, shop.ask_again)),
    "an event that is published again": lambda shop: shop.world.bus.published.append(
        shop.world.bus.published[0].model_copy()
    ),
    "a token of the SDK": lambda shop: shop.world.dynamo._tokens.update(
        {"sdk-9999": ("{}", shop.world.engine.now)}
    ),
    "an order of items": lambda shop: _items(shop, "orders").update(
        [_items(shop, "orders").popitem() for _ in range(2)]
    ),
    "a fault that has happened": lambda shop: _troubled(shop).fate.faults.update({1: Kind.LOST}),  # type: ignore[attr-defined]
    "a circuit that counts nothing": lambda shop: shop.world.counters.failures.update({"a circuit": 0}),
    "a circuit that was seen closed": lambda shop: shop.world.counters.observed.update(
        {"a circuit": CircuitState.CLOSED}
    ),
    "a variable of this interpreter": lambda shop: os.environ.update(SERVICE="other"),
}


@pytest.mark.parametrize("change", DECIDES.values(), ids=DECIDES.keys())
def test_what_decides_the_future_changes_the_digest(shop: SimulatedShop, change: Change) -> None:
    before = digest(shop)
    change(shop)
    assert digest(shop) != before


@pytest.mark.parametrize("change", DECIDES_NOTHING.values(), ids=DECIDES_NOTHING.keys())
def test_what_decides_nothing_leaves_the_digest_alone(shop: SimulatedShop, change: Change) -> None:
    before = digest(shop)
    change(shop)
    assert digest(shop) == before


def test_worlds_of_one_moment_have_one_digest() -> None:
    found = set()
    for _ in range(2):
        with rehearsal(SCENARIO).moments[-1][1].again() as shop:
            found.add(digest(shop))
    assert len(found) == 1


def test_every_moment_of_a_play_has_a_digest_of_its_own() -> None:
    found = []
    for _, moment in rehearsal("bought").moments:
        with moment.again() as shop:
            found.append(digest(shop))
    assert len({*found}) == len(found) > 5


def test_there_is_no_digest_while_a_process_is_under_way(shop: SimulatedShop) -> None:
    shop.world.process(lambda: shop.world.engine.sleep(10))
    with pytest.raises(AssertionError, match="under way"):
        digest(shop)


def test_what_is_left_out_is_there_and_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nothing has any more would hide the next thing of that name."""
    found: dict[type, set[str]] = defaultdict(set)
    described = module._described

    def seen(thing: Any) -> dict[str, Any]:
        found[type(thing)] |= vars(thing).keys()
        return described(thing)

    monkeypatch.setattr(module, "_described", seen)
    for scenario in (SCENARIO, "the processor stalls"):
        for _, moment in rehearsal(scenario).moments:
            with moment.again() as shop:
                digest(shop)
    for kind, names in LEFT_OUT.items():
        assert set(names) <= found[kind] | module.WIRING.keys(), kind
        assert all(names.values())
