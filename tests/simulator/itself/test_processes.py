"""What belongs to a process stays with it: its environment, its request, and what it has drawn and cached."""

import json
import os
import random
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from acquirer import store
from catalog import api as catalog
from checkout import executions
from kernel import aws as kernel_aws
from kernel import identity
from kernel.table import items
from kernel.triggers import observability, relay
from kernel.triggers.http import Api, Response, answer
from payments import adapters, transport
from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Call, Kind, Planned
from tests.simulator.faults.weather import Storm, Weather
from tests.simulator.itself.stage import Stage
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld
from tests.support import aws
from tests.support.processor import URL

CACHED = (
    items.client,
    relay.bus,
    executions.executions,
    store.secret,
    adapters.provider,
    transport.secret,
)
LINES = {"lines": [{"sku": "cup", "quantity": 1}]}


class Slow(Weather):
    """So slow that two requests are always under way at once."""

    def latency(self) -> float:
        return 0.5


def test_the_environment_is_that_of_the_process_which_runs() -> None:
    engine, seen = Engine(), []

    def body() -> None:
        for _ in range(3):
            seen.append(os.environ["SERVICE"])
            engine.sleep(1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVICE", "nobody")
        for name in ("orders", "payments"):
            engine.spawn(body, name=name, environment={"SERVICE": name}, ended=lambda outcome: None)
        engine.run()
    assert seen == ["orders", "payments"] * 3


def test_two_requests_of_one_api_that_are_under_way_at_once_do_not_see_each_other() -> None:
    with simulated(weather=Slow()) as world:
        shop = SimulatedShop(world).stocked({"cup": 9})
        method = shop.method("pm_approve")
        overlapping: list[Any] = []
        for customer in ("alice", "bob"):
            body = {**LINES, "payment_method": method}
            overlapping.append(world.process(asking(world, customer, body)))
            world.run(0.25)
        assert not any(overlapping), "both are under way"
        world.run(5)
        answers = [ended[0].value for ended in overlapping]
        orders = {
            order["order_id"]: order["customer_id"] for order in world.items("orders") if "order_id" in order
        }
    assert [status for status, _ in answers] == [202, 202]
    assert [orders[answer["order_id"]] for _, answer in answers] == ["alice", "bob"]


def asking(world: SimulatedWorld, customer: str, body: Any) -> Callable[[], Any]:
    return lambda: world.ask("orders", "POST", "/checkout", body, key="mine", customer=customer)


def test_a_request_that_was_under_way_meanwhile_is_the_same_request_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Api()

    @api.get("/me", role=None, answers={200: dict})
    def me() -> Response:
        before = api.caller().customer_id
        stage.engine.sleep(5)
        return answer(200, {"before": before, "after": api.caller().customer_id})

    stage = Stage.of(monkeypatch, handlers={"api": api})
    heard: list[Any] = []
    for customer in ("alice", "bob", "carol"):
        request = aws.request("GET", "/me", customer=customer)
        stage.functions.invoke(
            "api", request, heard=lambda said: heard.append(json.loads(said.payload["body"]))
        )
        stage.engine.run(stage.engine.now + timedelta(seconds=1))
    stage.engine.run()
    assert heard == [{"before": name, "after": name} for name in ("alice", "bob", "carol")]


def test_two_functions_that_are_under_way_at_once_each_keep_to_their_own_table() -> None:
    with simulated(weather=Slow()) as world:
        shop = SimulatedShop(world).stocked({"cup": 9})
        shop.method("pm_approve")
        kinds = {
            service: {item["pk"].partition("#")[0] for item in world.items(service)}
            for service in ("catalog", "inventory", "payments", "orders")
        }
    assert "product" in kinds["catalog"]
    assert "stock" in kinds["inventory"]
    assert "method" in kinds["payments"]
    assert not {"stock", "method"} & (kinds["catalog"] | kinds["orders"])


class Rough(Planned):
    """Every second write conflicts, so that the kernel waits by chance."""

    def __call__(self, call: Call) -> Kind | None:
        super().__call__(call)
        return Kind.CONFLICT if call.operation == "TransactWriteItems" and call.number % 2 else None


def bought(seed: int) -> tuple[list[str], list[str], float]:
    plan = Rough()
    with simulated(fate=plan, weather=Storm(random=Random(seed))) as world:
        shop = SimulatedShop(world).stocked({"cup": 9})
        shop.method("pm_approve")
        world.boundary.armed = True
        shop.checkout({"cup": 2})
        world.run()
        return (
            [str(call) for call in plan.calls],
            [str(item) for service in ("orders", "payments") for item in world.items(service)],
            world.engine.elapsed,
        )


def test_the_same_seed_gives_the_same_world_to_the_last_item() -> None:
    assert bought(1) == bought(1)
    assert bought(1)[2] != bought(2)[2], "jitter is the seed's"


def test_what_one_world_caches_is_not_there_in_the_next() -> None:
    clients = []
    for _ in range(2):
        with simulated() as world:
            shop = SimulatedShop(world).stocked({"cup": 9})
            shop.checkout({"cup": 1})
            world.run()
            assert [item["status"] for item in world.items("orders") if "status" in item] == ["CONFIRMED"]
            clients.append((items.client(), adapters.provider()))
            assert [cached.cache_info().currsize for cached in CACHED] == [1] * len(CACHED)
        assert [cached.cache_info().currsize for cached in CACHED] == [0] * len(CACHED)
    (first, other), (second, another) = clients
    assert first is not second
    assert other is not another


def test_what_was_cached_before_a_world_is_not_there_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSOR_URL", URL)
    before = adapters.provider()
    with simulated():
        assert adapters.provider() is not before


def test_a_handler_that_was_changed_between_two_worlds_is_the_changed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for expected in (200, 418):
        with simulated() as world:
            ended = world.process(lambda: world.ask("catalog", "GET", "/catalog/products/cup"))
            world.run()
        assert (ended[0].value[0] == 418) is (expected == 418)
        monkeypatch.setattr(catalog, "handler", lambda event, context: {"statusCode": 418, "body": "{}"})


def test_a_world_that_ends_badly_puts_everything_back() -> None:
    names: tuple[tuple[Any, str], ...] = ((kernel_aws, "session"), (identity, "now"), (identity, "pause"))
    names += ((transport, "_connections"), (observability, "logger"), (observability, "single_metric"))
    before = [getattr(module, name) for module, name in names]
    environment = dict(os.environ)
    made = []

    def ends_badly(world: SimulatedWorld) -> None:
        SimulatedShop(world).stocked({"cup": 9})
        assert [getattr(module, name) for module, name in names] != before
        assert os.environ["SERVICE"] != environment.get("SERVICE")
        made.append(items.client())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), simulated() as world:
        ends_badly(world)
    assert [getattr(module, name) for module, name in names] == before
    assert dict(os.environ) == environment
    assert items.client() is not made[0]


def test_a_world_leaves_the_interpreters_chance_alone() -> None:
    """Whoever draws in a world draws from its weather."""
    before = random.getstate()
    bought(1)
    assert random.getstate() == before
