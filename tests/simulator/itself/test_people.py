"""Customers and operators ask until they have an answer, with the same key, and remember it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.engine import Engine, Outcome
from tests.simulator.settle.people import MOST_TRIES, PATIENCE, SimulatedShop

Asked = tuple[str, str, dict[str, Any]]


class Counter:
    """Stands where a world does: `answers` says what comes of a path, in turn, and then again the last."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[tuple[float, str, Any, dict[str, Any]]] = []

    def ask(self, service: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        self.asked.append((self.engine.elapsed, f"{service} {method} {path}", body, options))
        left = self.answers.get(path, [(200, {})])
        return left.pop(0) if len(left) > 1 else left[0]

    def process(self, body: Callable[[], Any], name: str = "client") -> list[Outcome]:
        ended: list[Outcome] = []
        self.engine.spawn(body, name=name, environment={}, ended=ended.append)
        return ended

    def run(self) -> None:
        self.engine.run()


@pytest.fixture
def world() -> Counter:
    return Counter()


@pytest.fixture
def shop(world: Counter) -> SimulatedShop:
    shop = SimulatedShop(world)  # type: ignore[arg-type]
    shop.methods["pm_approve"] = "method-1"
    return shop


def test_a_customer_asks_again_with_the_same_key_until_there_is_an_answer(
    shop: SimulatedShop, world: Counter
) -> None:
    world.answers["/checkout"] = [(502, {}), (504, {}), (500, {}), (202, {"order_id": "o1"}), (202, {})]
    shop.checkout({"cup": 2}, key="mine")
    world.run()
    assert [moment for moment, *_ in world.asked] == [0, PATIENCE, 2 * PATIENCE, 3 * PATIENCE]
    assert {str((what, body, options)) for _, what, body, options in world.asked} == {
        str(
            (
                "orders POST /checkout",
                {"lines": [{"sku": "cup", "quantity": 2}], "payment_method": "method-1"},
                {"key": "mine"},
            )
        )
    }
    assert shop.answers == {("alice", "mine", "/checkout"): [{"order_id": "o1"}]}


def test_a_refusal_is_an_answer(shop: SimulatedShop, world: Counter) -> None:
    world.answers["/checkout"] = [(409, {"error": "KeyReused"})]
    shop.checkout({"cup": 2})
    world.run()
    assert (len(world.asked), shop.answers) == (1, {})


def test_nobody_asks_for_ever(shop: SimulatedShop, world: Counter) -> None:
    world.answers["/orders/o1/cancel"] = [(500, {})]
    shop.cancel("o1")
    world.run()
    assert len(world.asked) == MOST_TRIES


def test_two_different_answers_to_a_key_are_told(shop: SimulatedShop, world: Counter) -> None:
    world.answers["/checkout"] = [(202, {"order_id": "o1"}), (202, {"order_id": "o1"})]
    for _ in range(2):
        shop.checkout({"cup": 2}, key="mine")
        world.run()
    assert shop.fickle() == []
    world.answers["/checkout"] = [(202, {"order_id": "o2"})]
    shop.checkout({"cup": 2}, key="mine")
    world.run()
    assert shop.fickle() == ["('alice', 'mine', '/checkout')"]


def parked(world: Counter) -> None:
    world.answers["/ops/checkouts"] = [(200, {"checkouts": [{"order_id": "o1"}]})]
    world.answers["/ops/dead-letters"] = [
        (
            200,
            {
                "queues": [
                    {"queue": "full", "waiting": 2, "redrives_to": True},
                    {"queue": "empty", "waiting": 0, "redrives_to": True},
                    {"queue": "schedule", "waiting": 2, "redrives_to": False},
                ]
            },
        )
    ]


def done(world: Counter) -> list[tuple[str, Any]]:
    """What was asked for with which key, GETs left out."""
    return [(what, options["key"]) for _, what, _, options in world.asked if "POST" in what]


def test_an_operator_resumes_what_is_parked_and_redrives_what_waits_in_each_round_anew(
    shop: SimulatedShop, world: Counter
) -> None:
    parked(world)
    for _ in range(2):
        shop.operate()
        world.run()
    resume, redrive = (
        "checkout POST /ops/checkouts/resume",
        "operations POST /ops/dead-letters/full/redrive",
    )
    assert sorted(done(world)) == [
        (resume, "round-1"),
        (resume, "round-2"),
        (redrive, "round-1-full"),
        (redrive, "round-2-full"),
    ]
    assert {(one["customer"], one["role"]) for *_, one in world.asked} == {("olga", "operator")}


@pytest.mark.parametrize(("status", "resumes"), [(200, False), (409, True)])
def test_an_operator_who_may_not_resolve_resumes(
    shop: SimulatedShop, world: Counter, status: int, resumes: bool
) -> None:
    parked(world)
    world.answers["/ops/checkouts/o1/resolve"] = [(status, {})]
    shop.operate(resolve="CONFIRMED")
    world.run()
    bodies = [body for _, what, body, _ in world.asked if what.endswith("/resolve")]
    assert [body["to"] for body in bodies] == ["CONFIRMED"]
    assert any(what.endswith("/resume") for what, _ in done(world)) is resumes


def test_an_operator_without_a_list_does_nothing(shop: SimulatedShop, world: Counter) -> None:
    world.answers = {"/ops/checkouts": [(500, {})], "/ops/dead-letters": [(500, {})]}
    shop.operate()
    world.run()
    assert done(world) == []


def test_a_shop_that_cannot_be_stocked_is_an_error(shop: SimulatedShop, world: Counter) -> None:
    world.answers["/catalog/products/cup"] = [(400, {"error": "InvalidRequest"})]
    with pytest.raises(AssertionError, match="InvalidRequest"):
        shop.stocked({"cup": 1})
