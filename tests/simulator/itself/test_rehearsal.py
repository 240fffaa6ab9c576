"""What is not played again would have ended as it is said to end, and a wrong digest is found out."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.simulator.faults.kinds import Kind, Planned
from tests.simulator.plays import rehearsal as module
from tests.simulator.plays.digest import digest
from tests.simulator.plays.playing import Troubled, opened
from tests.simulator.plays.rehearsal import COMPARED_AT, Comparison, Ending, Foretold, Rehearsal, rehearsal
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.plays.tries import Try, singles
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop

BOUGHT = "bought"
LONG = "the relay gives up, then its queue republishes"
FEW = 2


@pytest.fixture
def fresh() -> Iterator[None]:
    """What a test rehearses in a world of its own is not there for the next test."""
    module.forget()
    yield
    module.forget()


def drawn(scenario: str, count: int) -> list[Try]:
    every = singles(scenario)
    return Random(scenario).sample(every, min(count, len(every)))


def from_the_beginning(one: Try) -> Ending:
    scenario = SCENARIOS[one.scenario]
    troubled = Troubled(scenario.troubles, Planned(dict(one.faults)))
    with simulated(fate=troubled) as world:
        return Ending.of(opened(world, scenario, troubled))


def alike(shop: SimulatedShop) -> bytes:
    """A digest that takes all worlds for one, but for the last of a schedule."""
    return b"alike" if shop.world.boundary.armed else digest(shop)


def foretells(*tries: Try) -> int:
    """How many of them end early when they are played."""
    met = 0
    compare = Comparison.compare

    def counted(comparison: Comparison, *, stops: bool) -> None:
        nonlocal met
        try:
            compare(comparison, stops=stops)
        except Foretold:
            met += 1
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Comparison, "compare", counted)
        for one in tries:
            one.play()
    return met


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_schedule_ends_as_it_does_when_it_is_played_from_the_beginning(scenario: str) -> None:
    """To the last item, message and timer; the second fault of a pair as well."""
    for one in drawn(scenario, FEW):
        assert rehearsal(scenario).and_then(*one.faults[0]) == from_the_beginning(one), str(one)
        pair = Random(scenario).choice([*one.then(one.calls())] or [one])
        earlier = rehearsal(scenario, pair.faults[:-1])
        assert earlier.and_then(*pair.faults[-1]) == from_the_beginning(pair), str(pair)


@pytest.mark.parametrize(
    "line",
    [
        "bought / 13 LOST / 20 KILLED_AFTER",
        "the processor is slow / 27 VERY_SLOW / 36 KILLED_BEFORE",
        "cancelled before ReserveStock / 69 VERY_SLOW / 130 DELAYED",
        "declined / 9 SLOW / 12 REFUSED / 30 LOST",
    ],
)
def test_several_faults_end_as_they_do_when_they_are_played_from_the_beginning(line: str) -> None:
    """Also where nothing was quiet between two faults: both have to happen."""
    one = Try.parse(line)
    assert rehearsal(one.scenario, one.faults[:-1]).and_then(*one.faults[-1]) == from_the_beginning(one)


def test_faults_are_added_in_the_order_of_their_calls() -> None:
    assert Try.parse("bought / 20 LOST / 13 SLOW") == Try.parse("bought / 13 SLOW / 20 LOST")
    with pytest.raises(AssertionError, match="in the order"):
        rehearsal(BOUGHT, ((20, Kind.LOST),)).and_then(13, Kind.SLOW)


def test_most_schedules_end_early(fresh: None) -> None:
    """Or a rehearsal would be work for nothing."""
    tries = singles(BOUGHT)[:150]
    assert foretells(*tries) > len(tries) / 2


def test_whoever_is_doubted_plays_on_and_ends_as_foretold(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last item, message and timer of the world."""
    monkeypatch.setattr(module, "DOUBTED", 1)
    tries = singles(BOUGHT)[:60]
    assert foretells(*tries) == 0
    assert {str(one): wrong for one in tries if (wrong := one.attempt())} == {}


def test_a_digest_that_takes_different_worlds_for_one_is_found_out(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "digest", alike)
    monkeypatch.setattr(module, "DOUBTED", 1)
    found = [one.play() for one in singles(BOUGHT)[:60]]
    assert ["AssertionError: worlds with the same digest have come to different ends"] in found


def test_a_rehearsal_finds_such_a_digest_out_too(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It always plays on. What it finds is no crash of the schedule, which nobody might ask for."""

    monkeypatch.setattr(module, "digest", alike)
    tries = singles(BOUGHT)[:60]
    with pytest.raises(AssertionError, match="different ends"):
        _ = [one.calls() for one in tries]


def test_what_ended_wrong_foretells_nothing(fresh: None) -> None:
    with rehearsal(BOUGHT).moments[-1][1].again() as shop:
        comparison = Comparison(shop, {}, last=0)
        comparison.compare(stops=True)
        comparison.remember(Ending(["something"], ["CONFIRMED"], b""))
        assert comparison.seen == {}
        comparison.remember(Ending([], ["CONFIRMED"], b""))
        assert set(comparison.seen) == {digest(shop)}


def test_a_world_that_has_told_a_secret_is_judged_itself() -> None:
    """The lines of its log are not in the digest."""
    right = Ending([], ["CONFIRMED"], b"")
    for line, stopped in (("order confirmed", True), ("card 4242 4242 4242 4242", False), ("{}", False)):
        with rehearsal(BOUGHT).moments[-1][1].again() as shop:
            shop.world.logs.append(line.format(shop.method(SCENARIOS[BOUGHT].method)))
            comparison = Comparison(shop, {digest(shop): right}, last=0)
            try:
                comparison.compare(stops=True)
            except Foretold:
                assert stopped
            else:
                assert not stopped


def test_nothing_is_compared_before_the_last_fault_has_happened() -> None:
    with rehearsal(BOUGHT).moments[-1][1].again() as shop:
        known = {digest(shop): Ending([], ["CONFIRMED"], b"")}
        comparison = Comparison(shop, known, last=shop.world.boundary.number + 1)
        comparison.compare(stops=True)
        assert comparison.foretold is None


def test_worlds_are_compared_once_behind_each_point_in_time() -> None:
    with rehearsal(LONG).moments[0][1].again() as shop:
        comparison, times = Comparison(shop, {}, last=0), []

        def compare() -> None:
            before = len(comparison._met)
            comparison.compare(stops=False)
            if len(comparison._met) > before:
                assert shop.world.engine.due
                times.append((shop.world.engine.due - shop.world.engine.began).total_seconds())

        shop.world.engine.quiet = compare
        shop.world.run()
    assert len(times) > 10
    passed = [sum(point <= time for point in COMPARED_AT) for time in times]
    assert passed == sorted({*passed})


def test_a_fault_of_a_call_that_never_comes_changes_nothing() -> None:
    whole = rehearsal(BOUGHT)
    assert whole.and_then(9_999, Kind.LOST) == whole.ending


def test_a_rehearsal_remembers_a_crash_and_tells_whoever_asks(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(shop: SimulatedShop) -> None:
        shop.world.run(1)
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr(module, "concluded", crashes)
    crashed = Rehearsal(BOUGHT, ())
    assert len(crashed.calls) > 5
    with pytest.raises(ZeroDivisionError, match="by chance"):
        assert crashed.ending
