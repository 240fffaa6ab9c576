"""A try is a line that replays it; samples are their seed's; a crash is a finding."""

import pytest

from tests.simulator.faults.kinds import Call, Kind
from tests.simulator.plays import rehearsal, tries
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.plays.tries import Try, discovered, sample, singles

BOUGHT = "bought"


def call(number: int, operation: str = "GetItem") -> Call:
    return Call(number, "somebody", "dynamodb", operation)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("faults", [(), ((13, Kind.LOST),), ((13, Kind.LOST), (20, Kind.KILLED_AFTER))])
def test_a_line_parses_back_to_the_try_it_was(scenario: str, faults: tuple[tuple[int, Kind], ...]) -> None:
    one = Try(scenario, faults)
    assert Try.parse(str(one)) == one
    assert Try.parse(f"  {one}\n") == one


def test_a_line_is_what_the_documentation_shows() -> None:
    one = Try(BOUGHT, ((13, Kind.LOST), (20, Kind.KILLED_AFTER)))
    assert str(one) == "bought / 13 LOST / 20 KILLED_AFTER"


@pytest.mark.parametrize("line", ["bought / 13", "bought / LOST 13", "bought / 13 GONE", "bought / 1 2 LOST"])
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        Try.parse(line)


def test_another_fault_comes_at_later_calls_only_with_every_kind_each_can_have() -> None:
    first = Try(BOUGHT, ((2, Kind.LOST),))
    calls = [call(1), call(2), call(3), call(4, "PutEvents")]
    found = list(first.then(calls))
    expected = [(3, kind) for kind in calls[2].kinds] + [(4, kind) for kind in calls[3].kinds]
    assert [one.faults for one in found] == [((2, Kind.LOST), pair) for pair in expected]


def test_singles_are_every_fault_of_every_call() -> None:
    calls = discovered(BOUGHT)
    expected = [((call.number, kind),) for call in calls for kind in call.kinds]
    assert [one.faults for one in singles(BOUGHT)] == expected
    assert len(expected) > 300


def test_the_calls_of_a_scenario_are_numbered_without_a_gap() -> None:
    assert [one.number for one in discovered(BOUGHT)] == list(range(1, 1 + len(discovered(BOUGHT))))


def test_a_sample_is_its_seeds_and_consists_of_pairs_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "SCENARIOS", {name: SCENARIOS[name] for name in (BOUGHT, "declined")})
    one, same, other = ([str(pair) for pair in sample(6, seed=seed)] for seed in (1, 1, 2))
    assert one == same != other
    for line in one:
        (first, _), (second, _) = Try.parse(line).faults
        assert first < second


def test_playing_a_try_makes_its_faults_happen() -> None:
    calm, faulted = Try(BOUGHT, ()), Try(BOUGHT, ((3, Kind.REFUSED),))
    assert calm.play() == faulted.play() == []
    assert len(faulted.calls()) > len(calm.calls()), "somebody tried again"
    assert [str(one) for one in faulted.calls()[:3]] == [str(one) for one in calm.calls()[:3]]


def test_a_crash_is_a_finding_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def crashes(shop: object) -> None:
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr(rehearsal, "concluded", crashes)
    rehearsal.forget()
    assert Try(BOUGHT, ()).play() == ["ZeroDivisionError: by chance"]
    assert Try(BOUGHT, ((3, Kind.LOST),)).play() == ["ZeroDivisionError: by chance"]
    assert Try(BOUGHT, ()).calls() == []
    rehearsal.forget()
