"""Which faults a call can have, and how plans and chance hand them out."""

from random import Random

import pytest

from tests.simulator.faults.kinds import ANY, Call, Chance, Kind, Planned

MORE = {Kind.RESENT, Kind.CONFLICT, Kind.PARTIAL}


def call(operation: str, service: str = "dynamodb", number: int = 1) -> Call:
    return Call(number, "somebody", service, operation)


@pytest.mark.parametrize(
    ("service", "operation", "more"),
    [
        ("dynamodb", "GetItem", set()),
        ("dynamodb", "Query", set()),
        ("dynamodb", "BatchGetItem", {Kind.PARTIAL}),
        ("dynamodb", "UpdateItem", {Kind.RESENT, Kind.CONFLICT}),
        ("dynamodb", "PutItem", {Kind.RESENT, Kind.CONFLICT}),
        ("dynamodb", "TransactWriteItems", {Kind.RESENT, Kind.CONFLICT}),
        ("events", "PutEvents", {Kind.RESENT, Kind.PARTIAL}),
        ("states", "StartExecution", {Kind.RESENT}),
        ("states", "StartExecution (Express)", {Kind.RESENT, Kind.PARTIAL}),
        ("secretsmanager", "GetSecretValue", set()),
        ("sqs", "GetQueueAttributes", set()),
        ("sqs", "ReceiveMessage", {Kind.RESENT}),
        ("sqs", "SendMessage", {Kind.RESENT}),
        ("sqs", "DeleteMessage", {Kind.RESENT}),
        ("lambda", "Invoke", set()),
        ("lambda", "Step", set()),
        ("processor", "GET retrieve", set()),
        ("processor", "POST confirm", {Kind.CONFLICT}),
    ],
)
def test_a_call_can_have_what_any_can_and_what_its_operation_can(
    service: str, operation: str, more: set[Kind]
) -> None:
    kinds = call(operation, service).kinds
    assert set(kinds) == ANY | more
    assert set(Kind) == ANY | MORE | {Kind.HESITANT}
    assert kinds == [kind for kind in Kind if kind in kinds], "in a fixed order"


def test_an_execution_can_only_die_between_two_states() -> None:
    assert call("ChargePayment", "execution").kinds == [Kind.KILLED_BEFORE]


def test_a_plan_writes_every_call_down_and_hits_the_ones_it_names() -> None:
    plan = Planned({2: Kind.LOST})
    calls = [call("GetItem", number=number) for number in (1, 2, 3)]
    assert [plan(one) for one in calls] == [None, Kind.LOST, None]
    assert plan.calls == calls


def test_chance_spends_what_it_has_on_kinds_that_each_call_can_have() -> None:
    fate = Chance(Random(1), rate=1, left=50)
    calls = [call("GetItem" if number % 2 else "PutEvents", number=number) for number in range(1, 101)]
    hit = [kind for one in calls if (kind := fate(one))]
    assert (len(hit), fate.left, fate.calls) == (50, 0, 100)
    assert [kind for _, kind in fate.happened] == hit
    assert all(kind in one.kinds for one, kind in zip(calls, hit, strict=False))
    assert len(set(hit)) > 5


@pytest.mark.parametrize(("rate", "least", "most"), [(0, 0, 0), (0.2, 150, 250), (1, 1000, 1000)])
def test_chance_hits_about_as_often_as_its_rate(rate: float, least: int, most: int) -> None:
    fate = Chance(Random(1), rate=rate, left=10_000)
    hit = sum(fate(call("UpdateItem", number=number)) is not None for number in range(1000))
    assert least <= hit <= most
