"""A queue and its function: at least once, hidden meanwhile, five times at most, nothing lost silently."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.simulator.aws.delivery import MOST_RECEIVES, Queue
from tests.simulator.aws.sqs import URL, Sqs
from tests.simulator.faults.weather import Storm, Weather
from tests.simulator.itself.stage import Stage

CONSUMER = "consumer"
TIMEOUT = 30


class Consumers:
    """A queue whose function does with each body what `react` does, and reports those that raise."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        react: Callable[[str], object],
        weather: Weather | None = None,
        *,
        window: int = 0,
    ) -> None:
        self.received: list[tuple[float, list[str]]] = []
        self.react = react
        self.stage = Stage.of(patch, handlers={CONSUMER: self.handler}, timeouts={CONSUMER: TIMEOUT})
        self.engine = self.stage.engine
        self.queue: Queue = self.stage.queue(CONSUMER, weather=weather, window=window)

    def handler(self, event: Any, context: object) -> Any:
        self.received.append((self.engine.elapsed, [record["body"] for record in event["Records"]]))
        failed = []
        for record in event["Records"]:
            try:
                self.react(record["body"])
            except ValueError:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    def put(self, *bodies: str) -> None:
        for body in bodies:
            self.queue.put(body)

    @property
    def dead(self) -> list[str]:
        assert self.queue.dead is not None
        return [message.body for message in self.queue.dead.messages]


def refuses(*bodies: str) -> Callable[[str], object]:
    def react(body: str) -> None:
        if body in bodies:
            raise ValueError

    return react


def test_what_is_handled_is_gone_and_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses())
    consumers.put("a", "b")
    consumers.engine.run()
    assert [bodies for _, bodies in consumers.received] == [["a", "b"]]
    assert (consumers.queue.messages, consumers.dead) == ([], [])


def test_ten_messages_come_at_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses())
    consumers.put(*"abcdefghijkl")
    consumers.engine.run()
    assert [len(bodies) for _, bodies in consumers.received] == [10, 2]


def test_what_comes_within_the_window_comes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses(), window=4)
    consumers.put("a")
    consumers.engine.after(1.5, partial(consumers.put, "b"))
    consumers.engine.after(3, partial(consumers.put, "c"))
    consumers.engine.run()
    assert [bodies for _, bodies in consumers.received] == [["a", "b"], ["c"]]


def test_only_what_failed_of_a_batch_comes_again_when_it_shows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses("b"))
    consumers.put("a", "b", "c")
    consumers.engine.after(200, lambda: setattr(consumers, "react", refuses()))
    consumers.engine.run()
    first, *later = consumers.received
    assert first[1] == ["a", "b", "c"]
    assert [(round(moment - first[0]), bodies) for moment, bodies in later] == [(180, ["b"]), (360, ["b"])]
    assert (consumers.queue.messages, consumers.dead) == ([], [])


@pytest.mark.parametrize("how", ["reported", "raised", "too slow"])
def test_what_was_received_five_times_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def react(body: str) -> None:
        if how == "too slow":
            consumers.engine.sleep(TIMEOUT + 10)
        else:
            raise ValueError if how == "reported" else RuntimeError

    consumers = Consumers(monkeypatch, react)
    consumers.put("a")
    consumers.engine.run()
    assert [bodies for _, bodies in consumers.received] == [["a"]] * MOST_RECEIVES
    assert (consumers.queue.messages, consumers.dead) == ([], ["a"])


def test_a_message_is_hidden_for_six_timeouts_also_when_its_function_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def react(body: str) -> None:
        consumers.engine.kill(next(iter(running)))
        consumers.engine.sleep(1)

    consumers = Consumers(monkeypatch, react)
    running: list[Any] = []
    spawn = consumers.engine.spawn

    def remembering(*arguments: Any, **options: Any) -> Any:
        running[:] = [spawn(*arguments, **options)]
        return running[0]

    monkeypatch.setattr(consumers.engine, "spawn", remembering)
    consumers.put("a")
    consumers.engine.run()
    moments = [moment for moment, _ in consumers.received]
    assert [round(later - earlier) for earlier, later in pairwise(moments)] == [180] * 4
    assert consumers.dead == ["a"]


def test_a_dead_letter_can_be_received_sent_back_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses("a"))
    consumers.put("a")
    consumers.engine.run()
    dead = consumers.queue.dead
    assert dead is not None
    sqs = Sqs(consumers.stage.boundary, {"queue": consumers.queue, "queue.dead": dead})
    consumers.react = refuses()

    def redrive() -> Any:
        asked: dict[str, Any]
        asked = {"QueueUrl": f"{URL}queue.dead", "MaxNumberOfMessages": 10, "VisibilityTimeout": 60}
        (letter,) = sqs.receive_message(**asked)["Messages"]
        assert sqs.receive_message(**asked) == {}, "it is hidden meanwhile"
        sqs.send_message(QueueUrl=f"{URL}queue", MessageBody=letter["Body"])
        sqs.delete_message(QueueUrl=f"{URL}queue.dead", ReceiptHandle=letter["ReceiptHandle"])
        return letter["Attributes"]["ApproximateReceiveCount"]

    assert consumers.stage.ended(redrive).value == "1"
    assert (consumers.queue.messages, consumers.dead) == ([], [])
    assert [bodies for _, bodies in consumers.received] == [["a"]] * (MOST_RECEIVES + 1)


def test_a_dead_letter_that_is_looked_at_stays_and_shows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    consumers = Consumers(monkeypatch, refuses("a"))
    consumers.put("a")
    consumers.engine.run()
    dead = consumers.queue.dead
    assert dead is not None
    for _ in range(MOST_RECEIVES + 2):
        dead.hide(dead.visible()[0], 5)
        assert dead.visible() == []
        consumers.engine.run()
        assert [message.body for message in dead.visible()] == ["a"]


@settings(max_examples=60, deadline=None)
@given(seed=some.integers(0, 10_000), bodies=some.integers(1, 30), fails=some.floats(0, 0.9))
def test_every_message_ends_consumed_waiting_or_dead(seed: int, bodies: int, fails: float) -> None:
    random = Random(seed)
    consumed: Counter[str] = Counter()

    def react(body: str) -> None:
        consumers.engine.sleep(random.choice((0, 1, TIMEOUT + 5)))
        if random.random() < fails:
            raise random.choice((ValueError, RuntimeError))
        consumed[body] += 1

    with pytest.MonkeyPatch.context() as patch:
        consumers = Consumers(patch, react, Storm(random=Random(seed)))
        put: set[str] = set()

        def arrive(name: str) -> None:
            consumers.put(name)
            put.add(name)

        for number in range(bodies):
            consumers.engine.after(random.uniform(0, 600), partial(arrive, f"m{number}"))
        for minutes in range(1, 40):
            consumers.engine.run(consumers.engine.began + timedelta(minutes=minutes))
            waiting = {message.body for message in consumers.queue.messages}
            assert {*consumed} | waiting | {*consumers.dead} == put
        consumers.engine.run()
        assert consumers.queue.messages == []
        assert {*consumed} | {*consumers.dead} == put
        assert len(put) == bodies
