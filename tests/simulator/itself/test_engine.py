"""The engine: what is due happens in order, processes wait and are killed, and a seed decides everything."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.simulator import engine as module
from tests.simulator.engine import Engine, Killed, Outcome, Timeout


@pytest.fixture
def engine() -> Engine:
    return Engine()


def started(engine: Engine, body: Callable[[], Any], name: str = "one") -> list[Outcome]:
    ended: list[Outcome] = []
    engine.spawn(body, name=name, environment={}, ended=ended.append)
    return ended


def test_what_is_due_happens_by_time_and_then_in_the_order_of_asking(engine: Engine) -> None:
    seen: list[tuple[str, float]] = []
    for name, seconds in (("late", 3), ("first", 1), ("second", 1), ("now", 0), ("third", 1)):
        engine.after(seconds, lambda name=name: seen.append((name, engine.elapsed)))  # type: ignore[misc]
    engine.run()
    assert seen == [("now", 0), ("first", 1), ("second", 1), ("third", 1), ("late", 3)]


def test_what_is_cancelled_does_not_happen_and_takes_no_time(engine: Engine) -> None:
    seen: list[str] = []
    engine.after(1, lambda: seen.append("kept"))
    engine.cancel(engine.after(9, lambda: seen.append("cancelled")))
    engine.run()
    assert (seen, engine.elapsed) == (["kept"], 1)


def test_time_runs_to_where_it_was_asked_to_and_what_is_due_later_waits(engine: Engine) -> None:
    seen: list[float] = []
    for seconds in (2, 5, 5.5):
        engine.after(seconds, lambda: seen.append(engine.elapsed))
    engine.run(engine.began + timedelta(seconds=5))
    assert (seen, engine.elapsed) == ([2, 5], 5)
    engine.run(engine.began + timedelta(seconds=5.2))
    assert (seen, engine.elapsed) == ([2, 5], 5.2)
    engine.run()
    assert seen == [2, 5, 5.5]


def test_a_world_that_never_rests_is_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 100)

    def again() -> None:
        engine.after(1, again)

    again()
    with pytest.raises(AssertionError, match="does not come to rest"):
        engine.run()


def test_others_run_while_a_process_sleeps(engine: Engine) -> None:
    seen: list[tuple[str, float]] = []

    def body(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            for _ in range(2):
                engine.sleep(seconds)
                seen.append((name, engine.elapsed))

        return run

    started(engine, body("slow", 3))
    started(engine, body("quick", 2))
    engine.run()
    assert seen == [("quick", 2), ("slow", 3), ("quick", 4), ("slow", 6)]


def test_a_process_ends_with_its_value_or_its_error(engine: Engine) -> None:
    wrong = ValueError("wrong")

    def fails() -> None:
        raise wrong

    good, bad = started(engine, lambda: "done"), started(engine, fails)
    engine.run()
    assert (good, bad) == ([Outcome("done")], [Outcome(error=wrong)])


def test_what_is_waited_for_answers_or_raises_in_the_waiting_process(engine: Engine) -> None:
    def told(outcome: Outcome) -> Callable[[], Any]:
        return lambda: engine.wait(lambda hear: engine.after(2, lambda: hear(outcome)) and None, timeout=3)

    wrong = ValueError("wrong")
    answered, raised = started(engine, told(Outcome("here"))), started(engine, told(Outcome(error=wrong)))
    engine.run()
    assert (answered, raised) == ([Outcome("here")], [Outcome(error=wrong)])
    assert engine.elapsed == 2, "an answer ends the waiting, and the alarm with it"


def test_what_comes_too_late_is_a_timeout_and_then_nobody_hears_it(engine: Engine) -> None:
    seen: list[float] = []

    def body() -> str:
        try:
            engine.wait(lambda hear: engine.after(4, lambda: hear(Outcome("late"))) and None, timeout=3)
        except Timeout:
            seen.append(engine.elapsed)
        engine.sleep(5)
        seen.append(engine.elapsed)
        return "went on"

    ended = started(engine, body)
    engine.run()
    assert (seen, ended) == ([3, 8], [Outcome("went on")])


def test_what_answers_at_once_is_heard_too(engine: Engine) -> None:
    ended = started(engine, lambda: engine.wait(lambda hear: hear(Outcome("at once")), timeout=3))
    engine.run()
    assert ended == [Outcome("at once")]


@pytest.mark.parametrize("waits", [True, False])
def test_a_killed_process_does_nothing_more_and_whoever_called_it_hears(engine: Engine, waits: bool) -> None:
    seen: list[str] = []

    def body() -> None:
        try:
            if waits:
                engine.wait(lambda hear: None, timeout=60)
            engine.sleep(60)
        except Exception:  # noqa: BLE001 - no code under test may hold a process back
            seen.append("caught")
        finally:
            engine.sleep(1)
            seen.append("cleaned up")
        seen.append("went on")

    ended: list[Outcome] = []
    process = engine.spawn(body, name="one", environment={}, ended=ended.append)
    engine.after(10, lambda: engine.kill(process))
    engine.after(10.5, lambda: seen.append(f"ended {len(ended)}"))
    engine.run()
    assert isinstance(ended[0].error, Killed)
    assert (seen, len(ended)) == (["ended 1"], 1)


def test_a_process_that_is_killed_before_it_began_never_begins(engine: Engine) -> None:
    seen: list[str] = []
    ended: list[Outcome] = []
    process = engine.spawn(lambda: seen.append("began"), name="one", environment={}, ended=ended.append)
    engine.kill(process)
    engine.run()
    assert (seen, [type(one.error) for one in ended]) == ([], [Killed])


def test_only_a_process_can_wait(engine: Engine) -> None:
    with pytest.raises(AssertionError, match="only a process"):
        engine.sleep(1)
