"""From a moment of a world any number of worlds go on, each as the first went on."""

import pytest

from payments import transport
from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Kind, Planned
from tests.simulator.plays.playing import Troubled, opened
from tests.simulator.plays.rehearsal import Ending, rehearsal
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.moments import Moment
from tests.simulator.settle.people import SimulatedShop

BOUGHT = SCENARIOS["bought"]
TOLD = (
    "bought",
    "cancelled before ConfirmOrder",
    "the relay gives up, then its queue republishes",
    "parked unconfirmed, then resolved as confirmed",
    "cancelled, and the processor remembers no key from one request to the next",
    "half a minute without the processor, in which the charge is cut off",
)


def moment() -> Moment:
    """The shop before its first checkout."""
    troubled = Troubled((), Planned())
    with simulated(fate=troubled) as world:
        return Moment.of(opened(world, BOUGHT, troubled))


def calls(shop: SimulatedShop) -> list[str]:
    troubled = shop.world.boundary.fate
    assert isinstance(troubled, Troubled)
    assert isinstance(troubled.fate, Planned)
    return [str(call) for call in troubled.fate.calls]


@pytest.mark.parametrize("scenario", TOLD)
def test_a_world_that_goes_on_from_a_moment_ends_as_the_world_of_that_moment_did(scenario: str) -> None:
    """To the last item, message and timer; with the same calls on the way."""
    whole = rehearsal(scenario)
    assert len(whole.moments) > 5
    for _, each in whole.moments[:: len(whole.moments) // 5]:
        with each.again() as shop:
            assert Ending.of(shop) == whole.ending
            assert calls(shop) == [str(call) for call in whole.calls]


def test_worlds_of_one_moment_know_nothing_of_each_other() -> None:
    start = moment()
    with start.again() as first:
        first.world.run()
        assert first.world.items("orders", "order#")
    with start.again() as second:
        assert second.world.items("orders", "order#") == []
        assert second.world.engine.elapsed < 60


def test_a_factory_is_as_warm_as_it_was() -> None:
    """A function that has read its secret does not read it again."""
    with moment().again() as shop:
        assert not transport.secret.cache_info().currsize
        shop.world.run()
        assert transport.secret.cache_info().currsize
        after = Moment.of(shop)
    assert not transport.secret.cache_info().currsize
    with after.again():
        assert transport.secret.cache_info().currsize


def test_there_is_no_moment_while_a_process_is_under_way() -> None:
    with moment().again() as shop:
        shop.world.process(lambda: shop.world.engine.sleep(10))
        with pytest.raises(AssertionError, match="under way"):
            Moment.of(shop)
        shop.world.run()
        Moment.of(shop)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HESITANT])
def test_a_request_that_is_still_on_its_way_is_part_of_a_moment(kind: Kind) -> None:
    """Whatever a fault leaves behind, worlds go on from every moment after it."""
    number = next(call.number for call in rehearsal("bought").calls if kind in call.kinds)
    whole = rehearsal("bought", ((number, kind),))
    with whole.moments[-1][1].again() as shop:
        assert Ending.of(shop) == whole.ending


def test_an_engine_is_quiet_only_between_processes() -> None:
    engine, heard = Engine(), list[float]()
    engine.quiet = lambda: heard.append(engine.elapsed)
    engine.spawn(lambda: engine.sleep(5), name="a", environment={}, ended=lambda outcome: None)
    engine.after(3, lambda: None)
    engine.after(8, lambda: None)
    engine.run()
    assert heard == [5, 8]
