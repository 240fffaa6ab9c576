"""Two steps of payments about one order leave the money right, however their calls overtake each other."""

from collections import Counter
from typing import Any

import pytest

from tests.simulator.boundary import Boundary, Effect
from tests.simulator.plays.twins import CALLS, MOST_SWITCHES, PAIRS, Twins, orders, schedules


def test_whatever_order_their_calls_take_effect_in_the_money_is_right_and_nothing_is_done_twice() -> None:
    wrong = {str(twins): found for twins in schedules() if (found := twins.attempt())}
    assert wrong == {}


def test_every_pair_is_played_in_every_order_with_few_changes_of_turn() -> None:
    played = list(schedules())
    assert len(played) == len({str(twins) for twins in played})
    counts = Counter((twins.first, twins.second, twins.method, twins.keys) for twins in played)
    # With one change of turn, with two and with three: each of the two has one or two runs of turns.
    begun_by_one = 1 + 7 + 7 * 7
    assert counts == {pair: begun_by_one * (1 if pair[0] == pair[1] else 2) for pair in PAIRS}


@pytest.mark.parametrize(
    ("turns", "begins"),
    [("0000000011111111", "00000001"), ("1111111100000000", "110"), ("0101010101010101", "010100")],
)
def test_calls_take_effect_in_the_order_of_the_turns(
    turns: str, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A charge makes seven calls, and a void two: the turns that a step does not need are left out."""
    steps = {"payments.tasks.charge_payment": "0", "payments.tasks.refund_payment": "1"}
    done: list[str] = []
    call: Any = Boundary.call

    def watched(self: Boundary, service: str, operation: str, effect: Effect, **options: Any) -> Any:
        name = self.engine.running.name if self.engine.running else ""

        def effective() -> Any:
            done.append(steps.get(name, ""))
            return effect()

        return call(self, service, operation, effective, **options)

    monkeypatch.setattr(Boundary, "call", watched)
    assert Twins("charge", "refund", "pm_approve", "kept", turns).attempt() == []
    assert "".join(done).startswith(begins)


def test_orders_are_few_changes_apart() -> None:
    assert sorted(orders(2, 3)) == ["0011", "0101", "0110", "1001", "1010", "1100"]
    assert sorted(orders(2, 1)) == ["0011", "1100"]
    assert all(order.count("0") == CALLS for order in orders(CALLS, 1))
    assert MOST_SWITCHES == 3  # a void that loads, a start, the write of the void and the confirmation
