"""Every kind of fault: whether the effect happened, how often, when, and what the caller came to know."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from urllib3.exceptions import ProtocolError

from tests.simulator.aws.clients import Events, Tables
from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.aws.functions import TIMED_OUT, Answer
from tests.simulator.engine import Killed
from tests.simulator.faults.kinds import DELAY, LATE, MOMENT, SOON, Kind
from tests.simulator.itself.stage import Stage

NEVER: list[float] = []
CASES = [
    (Kind.REFUSED, NEVER, ClientError),
    (Kind.LOST, [1], ReadTimeoutError),
    (Kind.DELAYED, [1 + DELAY], ReadTimeoutError),
    (Kind.RESENT, [1, 1], None),
    (Kind.KILLED_BEFORE, NEVER, Killed),
    (Kind.KILLED_AFTER, [1], Killed),
    (Kind.HESITANT, [1 + MOMENT], None),
    (Kind.SLOW, [1 + SOON], None),
    (Kind.VERY_SLOW, [1 + LATE], None),
    (Kind.THROTTLED, NEVER, ClientError),
    (Kind.CONFLICT, NEVER, ClientError),
]
COUNTER: dict[str, Any] = {
    "TableName": "counters",
    "Key": {"pk": {"S": "one"}, "sk": {"S": "one"}},
    "UpdateExpression": "ADD #count :one",
    "ExpressionAttributeNames": {"#count": "count"},
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}


def seconds(stage: Stage, service: str = "dynamodb") -> tuple[list[float], Callable[[], Any]]:
    """When the effect of a call happened, and the call."""
    happened: list[float] = []

    def effect() -> str:
        happened.append(stage.engine.elapsed)
        return f"answer {len(happened)}"

    return happened, lambda: stage.boundary.call(service, "UpdateItem", effect)


@pytest.mark.parametrize(("kind", "times", "error"), CASES)
def test_what_a_fault_does_and_what_its_caller_hears(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, times: list[float], error: type[BaseException] | None
) -> None:
    stage = Stage.of(monkeypatch, {1: kind})
    happened, call = seconds(stage)
    outcome = stage.ended(call)
    assert happened == times
    if error is None:
        assert outcome.value == f"answer {len(times)}"
    else:
        assert type(outcome.error) is error


def test_every_kind_of_fault_is_tried_here() -> None:
    assert {kind for kind, *_ in CASES} | {Kind.PARTIAL} == set(Kind)


@pytest.mark.parametrize("kind", [kind for kind, *_ in CASES])
def test_a_fault_hits_the_call_that_it_is_planned_for_and_no_other(
    monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    stage = Stage.of(monkeypatch, {2: kind})
    calls = [seconds(stage) for _ in range(3)]
    outcomes = [stage.ended(call) for _, call in calls]
    assert [outcomes[place].value for place in (0, 2)] == ["answer 1", "answer 1"]
    assert [len(calls[place][0]) for place in (0, 2)] == [1, 1]
    assert [(one.number, one.caller) for one in stage.plan.calls] == [(n, "somebody") for n in (1, 2, 3)]


@pytest.mark.parametrize(("kind", "effects"), [(Kind.REFUSED, 0), (Kind.LOST, 1), (Kind.DELAYED, 1)])
def test_the_card_processors_client_hears_of_a_connection_that_broke(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, effects: int
) -> None:
    stage = Stage.of(monkeypatch, {1: kind})
    happened, call = seconds(stage, "processor")
    assert isinstance(stage.ended(call).error, ProtocolError)
    assert len(happened) == effects


def test_a_refusal_is_an_answer_that_can_be_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage.of(monkeypatch, {1: Kind.LOST})

    def refused() -> None:
        raise ValueError

    error = stage.ended(lambda: stage.boundary.call("dynamodb", "PutItem", refused)).error
    assert isinstance(error, ReadTimeoutError)


@pytest.mark.parametrize("kind", [Kind.KILLED_BEFORE, Kind.KILLED_AFTER])
def test_a_killed_process_makes_no_further_call(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    stage = Stage.of(monkeypatch, {1: kind})
    happened, call = seconds(stage)

    def body() -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - nor does anything in the code catch it
            happened.append(-1)
        finally:
            call()

    assert isinstance(stage.ended(body).error, Killed)
    assert len(happened) == (kind is Kind.KILLED_AFTER)
    assert len(stage.plan.calls) == 1


@pytest.mark.parametrize(("kind", "late"), [(Kind.SLOW, SOON), (Kind.VERY_SLOW, LATE)])
def test_whoever_called_a_slow_function_has_given_up_when_its_effect_comes(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, late: float
) -> None:
    heard: list[tuple[float, Answer]] = []
    stage = Stage.of(
        monkeypatch, {1: kind}, handlers={"slow": lambda event, context: call()}, timeouts={"slow": 30}
    )
    happened, call = seconds(stage)
    stage.functions.invoke("slow", {}, heard=lambda answer: heard.append((stage.engine.elapsed, answer)))
    stage.engine.run()
    assert [(moment, answer.error) for moment, answer in heard] == [(30, TIMED_OUT)]
    assert happened == [1 + late]


def test_throttling_lasts_to_the_end_of_the_invocation_and_is_of_one_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage.of(monkeypatch, {1: Kind.THROTTLED})
    happened, call = seconds(stage)

    def body() -> str:
        for _ in range(5):
            with pytest.raises(ClientError, match="ThrottlingException"):
                call()
        return str(stage.boundary.call("dynamodb", "GetItem", lambda: "another operation"))

    assert stage.ended(body).value == "another operation"
    assert happened == []
    assert stage.ended(call).value == "answer 1", "the next invocation is not throttled"


def tables(stage: Stage) -> tuple[Tables, Dynamo]:
    dynamo = Dynamo(now=lambda: stage.engine.now)
    dynamo.create("counters")
    return Tables(stage.boundary, dynamo), dynamo


def test_an_update_that_is_sent_again_happens_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage.of(monkeypatch, {1: Kind.RESENT})
    client, dynamo = tables(stage)
    assert stage.ended(lambda: client.update_item(**COUNTER)).error is None
    assert [item["count"] for item in dynamo.items("counters")] == [2]


def test_a_transaction_that_is_sent_again_happens_once_since_the_sdk_gives_it_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage.of(monkeypatch, {1: Kind.RESENT})
    client, dynamo = tables(stage)
    transaction = [{"Update": COUNTER}]
    assert stage.ended(lambda: client.transact_write_items(TransactItems=transaction)).error is None
    assert [item["count"] for item in dynamo.items("counters")] == [1]
    assert stage.ended(lambda: client.transact_write_items(TransactItems=transaction)).error is None
    assert [item["count"] for item in dynamo.items("counters")] == [2], "another call has another token"


def test_a_part_of_the_events_is_taken_and_the_answer_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bus(list[Any]):
        def put(self, entry: Any) -> Any:
            self.append(entry)
            return {"EventId": entry["Detail"]}

    stage, bus = Stage.of(monkeypatch, {1: Kind.PARTIAL}), Bus()
    entries: list[Any] = [{"Detail": name} for name in "abc"]
    answer = stage.ended(lambda: Events(stage.boundary, bus).put_events(Entries=entries)).value
    assert bus == [entries[1]]
    assert answer["FailedEntryCount"] == 2
    assert ["ErrorCode" in one for one in answer["Entries"]] == [True, False, True]


def test_a_part_of_the_items_is_answered_and_the_other_keys_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage.of(monkeypatch, {4: Kind.PARTIAL})
    client, _ = tables(stage)
    keys = [{"pk": {"S": name}, "sk": {"S": "one"}} for name in "abc"]

    def body() -> Any:
        for key in keys:
            client.update_item(**{**COUNTER, "Key": key})
        return client.batch_get_item(RequestItems={"counters": {"Keys": keys}})

    answer = stage.ended(body).value
    assert [item["pk"] for item in answer["Responses"]["counters"]] == [{"S": "a"}]
    assert answer["UnprocessedKeys"] == {"counters": {"Keys": keys[1:]}}


def test_before_it_is_armed_every_call_goes_well_and_none_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage.of(monkeypatch, {1: Kind.REFUSED})
    stage.boundary.armed = False
    happened, call = seconds(stage)
    stage.ended(call)
    stage.boundary.armed = True
    assert isinstance(stage.ended(call).error, ClientError)
    assert (happened, [one.number for one in stage.plan.calls]) == ([1], [1])
