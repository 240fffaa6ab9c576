"""The meter of what AWS bills, held to units that were computed by hand from AWS's documents."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.cost.bill import billed, total
from tests.simulator.cost.capacity import Index, MeteredDynamo
from tests.simulator.cost.deployment import Deployment
from tests.simulator.cost.meter import Lines, Meter, chunks
from tests.simulator.cost.plays import Counted
from tests.simulator.engine import EPOCH, Engine, Process
from tests.simulator.faults.kinds import Call

WHOLE, KEYS = Index(("a", "b")), Index(("a", "b"), frozenset())
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


class Metered:
    """A table with an index, which holds whole items or keys only, and the units of each call on it."""

    def __init__(self, index: Index) -> None:
        dynamo = Dynamo(now=lambda: EPOCH)
        dynamo.create("table", {"index": ("a", "b")})
        engine = Engine()
        engine.running = Process("a function", {})
        self.meter = Meter(engine)
        self.dynamo: Any = MeteredDynamo(dynamo, self.meter, {"table": {"index": index}})

    def put(self, size: int, **more: str) -> float:
        """Units of an item of that size, and more attributes."""
        return self.units(lambda: self.dynamo.put_item(TableName="table", Item=_item(size, **more)))

    def read(self, **how: Any) -> float:
        return self.units(lambda: self.dynamo.get_item(TableName="table", Key=KEY, **how))

    def query(self, **how: Any) -> float:
        names, values = {"#pk": "pk"}, {":pk": {"S": "p"}}
        asked = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values, **how}
        return self.units(
            lambda: self.dynamo.query(TableName="table", KeyConditionExpression="#pk = :pk", **asked)
        )

    def units(self, act: Any) -> float:
        self.meter.clear()
        act()
        return self.spent()

    def spent(self) -> float:
        return sum(self.meter.counts.values())


def _item(size: int, sk: str = "s", **more: str) -> dict[str, Any]:
    """An item of exactly that size, not counting what is in `more`."""
    filler = size - len("pk" + "p" + "sk" + sk + "x")
    attributes = {name: {"S": value} for name, value in more.items()}
    return {"pk": {"S": "p"}, "sk": {"S": sk}, "x": {"S": "." * filler}, **attributes}


@pytest.fixture
def table() -> Metered:
    return Metered(WHOLE)


@pytest.mark.parametrize(("size", "units"), [(30, 1), (1024, 1), (1025, 2), (10_240, 10), (10_241, 11)])
def test_a_write_costs_a_unit_for_each_kilobyte_begun(table: Metered, size: int, units: int) -> None:
    assert table.put(size) == units


def test_a_write_costs_as_much_as_the_larger_of_the_item_before_and_after(table: Metered) -> None:
    table.put(3_000)
    assert table.put(100) == 3
    assert table.put(100) == 1


@pytest.mark.parametrize(("size", "units"), [(30, 1), (4_096, 1), (4_097, 2), (12_289, 4)])
def test_a_read_costs_a_unit_for_each_four_kilobytes_and_half_where_it_may_be_behind(
    table: Metered, size: int, units: int
) -> None:
    table.put(size)
    assert (table.read(ConsistentRead=True), table.read()) == (units, units / 2)


def test_a_read_of_nothing_costs_as_much_as_that_of_a_small_item(table: Metered) -> None:
    assert (table.read(ConsistentRead=True), table.read()) == (1, 0.5)
    assert (table.query(ConsistentRead=True), table.query()) == (1, 0.5)


def test_the_items_of_a_query_are_summed_and_then_rounded(table: Metered) -> None:
    for name in "abc":  # 5,100 bytes: three reads of one item each would be three units
        table.dynamo.put_item(TableName="table", Item=_item(1_700, name))
    assert (table.query(ConsistentRead=True), table.query()) == (2, 1)


def test_each_item_of_a_batch_is_rounded_for_itself_and_one_that_is_not_there_is_read_too(
    table: Metered,
) -> None:
    table.put(4_097)
    keys = [KEY, {**KEY, "sk": {"S": "not there"}}]
    wanted = {"table": {"Keys": keys, "ConsistentRead": True}}
    assert table.units(lambda: table.dynamo.batch_get_item(RequestItems=wanted)) == 2 + 1


@pytest.mark.parametrize(
    ("index", "units"),
    [(WHOLE, [1, 2, 2, 3, 2, 1]), (KEYS, [1, 2, 1, 3, 2, 1])],
    ids=["whole items", "keys only"],
)
def test_an_index_is_written_when_what_it_holds_changes_and_twice_when_an_entry_moves(
    index: Index, units: list[int]
) -> None:
    table = Metered(index)
    written = [
        table.put(50),  # not in the index
        table.put(50, a="1", b="1"),  # now it is
        table.put(60, a="1", b="1"),  # another attribute changes
        table.put(60, a="1", b="2"),  # it moves: deleted and put
        table.put(60),  # it leaves the index
        table.put(60),  # nothing changes; the table is written all the same
    ]
    assert written == units


def test_a_transaction_costs_twice_for_each_item_and_once_for_each_index(table: Metered) -> None:
    puts = [
        {"Put": {"TableName": "table", "Item": _item(1_025, "1", a="1", b="1")}},
        {"Put": {"TableName": "table", "Item": _item(100, "2")}},
    ]
    spent = table.units(lambda: table.dynamo.transact_write_items(TransactItems=puts))
    assert spent == 2 * 2 + 2 + 2 * 1


def test_a_failed_condition_costs_what_the_write_would_have(table: Metered) -> None:
    table.put(2_000)
    guarded = {"TableName": "table", "Item": _item(100), "ConditionExpression": "attribute_not_exists(#pk)"}
    guarded["ExpressionAttributeNames"] = {"#pk": "pk"}
    table.meter.clear()
    with pytest.raises(ClientError):
        table.dynamo.put_item(**guarded)
    assert table.spent() == 2
    with pytest.raises(ClientError):
        table.dynamo.transact_write_items(TransactItems=[{"Put": guarded}])
    assert table.spent() == 2 + 4


def test_what_somebody_outside_does_is_not_billed(table: Metered) -> None:
    table.meter.engine.running = None
    assert table.put(100) == 0


@pytest.mark.parametrize(("size", "events"), [(1_000, 1), (65_536, 1), (65_537, 2)])
def test_an_event_is_billed_for_each_64_kilobytes(size: int, events: int) -> None:
    entry = {"Source": "settle.orders", "DetailType": "OrderPlaced", "Detail": "." * (size - 24)}
    assert chunks(entry) == events


def test_a_line_of_the_log_is_as_long_however_long_the_invocation_took(table: Metered) -> None:
    lines, length = Lines(table.meter), len('{"milliseconds": 10}') + 150
    assert table.units(lambda: lines.append({"milliseconds": 1})) == length
    assert table.units(lambda: lines.append({"milliseconds": 1_000})) == length


@pytest.mark.parametrize(("messages", "requests"), [(1, 2), (10, 2), (11, 4), (60, 12)])
def test_a_batch_of_messages_is_received_and_deleted_by_tens(messages: int, requests: int) -> None:
    meter = Meter(Engine())
    meter.invoked("a function", {"Records": [{"messageId": str(number)} for number in range(messages)]})
    assert meter.counts["a function", "SQS requests"] == requests


def test_each_attempt_of_a_task_is_a_state_entered_and_the_way_to_its_function_is_free() -> None:
    meter = Meter(Engine())
    for number in (1, 2):
        meter.called(Call(number, "CheckoutSaga:order", "execution", "ReserveStock"))
        meter.called(Call(number, "CheckoutSaga:ReserveStock", "lambda", "Step"))
    assert meter.counts == {("CheckoutSaga", "states"): 2}


def test_a_standard_saga_pays_for_its_states_and_an_express_saga_for_its_execution_and_its_time() -> None:
    counts = {("CheckoutSaga", "states"): 3, ("CheckoutSaga", "executions"): 1}
    counts[("inventory.tasks.reserve_stock", "Lambda requests")] = 1
    counts[("inventory.tasks.reserve_stock", "processor calls")] = 1
    counted = Counted(counts, {("CheckoutSaga", "ReserveStock"): 1})
    name = "inventory.tasks.reserve_stock"
    deployment = Deployment({name: 512}, {name: False}, {}, {}, {})
    bills = {kind: billed(counted, deployment, kind) for kind in ("standard", "express")}
    assert bills["standard"]["CheckoutSaga"] == {"state transitions": 3}
    # 129 ms are billed as 200, with a sixteenth of a GB.
    assert bills["express"]["CheckoutSaga"] == {"express requests": 1, "express GB-ms": 12.5}
    function = 0.2 + 129 * 0.5 / 1000 * 13.3334
    assert total(bills["standard"]) == pytest.approx(75 + function)
    assert total(bills["express"]) == pytest.approx(1 + 12.5 / 1000 * 16.67 + function)
