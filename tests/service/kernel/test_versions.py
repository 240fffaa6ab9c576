"""The version of a record: every write raises it, and no write goes through on a record that has changed."""

from typing import Any

import pytest

from kernel.errors import ConditionFailed, Contended
from kernel.events import Decision, Event
from kernel.table import outbox, writes
from kernel.table.outbox import Aggregate, commit
from kernel.table.writes import Write
from tests.support import aws
from tests.support.races import operations

SERVICE = "testing"
pytestmark = pytest.mark.usefixtures("service")
KEY = {"pk": "thing#1", "sk": "thing"}
BESIDE = {"pk": "beside", "sk": "beside"}


class ThingMade(Event):
    """A thing was made."""


PUBLISHED = Decision(None, (ThingMade(),))
TWICE = Decision(None, (ThingMade(), ThingMade()))
UNPUBLISHED = Decision(None, unpublished=True)


def thing(version: int = 0, sequence: int = 0, **sets: Any) -> Aggregate:
    return Aggregate(KEY, "thing/1", "order-1", version=version, sequence=sequence, sets=sets)


def before(sequence: int, **sets: Any) -> None:
    """Writes the record as the release before did, which knew no version: `sequence` was loaded, or is 0."""
    guard = "#sequence = :loaded" if sequence else "attribute_not_exists(#sequence)"
    binds = {"loaded": sequence} if sequence else {}
    writes.update(Write(KEY, sets={"sequence": sequence + 1, **sets}, condition=guard, binds=binds))


def record() -> dict[str, Any]:
    (found,) = [item for item in aws.state("testing") if item["pk"] == KEY["pk"]]
    return {name: value for name, value in found.items() if name not in KEY}


@pytest.mark.parametrize("decision", [PUBLISHED, UNPUBLISHED])
@pytest.mark.parametrize("stale", [(0, 0), (0, 2), (1, 1), (1, 3), (2, 2)])
def test_a_commit_on_an_aggregate_that_moved_on_writes_nothing(
    stale: tuple[int, int], decision: Decision[None]
) -> None:
    commit(thing(colour="red"), TWICE, cause="test")
    known = aws.items("testing")
    for besides in ([Write(BESIDE, sets={"a": 1})], []):
        with pytest.raises(Contended):
            commit(thing(*stale, colour="blue"), decision, cause="test", beside=besides)
    assert aws.items("testing") == known


def test_a_decision_without_facts_that_is_unpublished_is_one_plain_write() -> None:
    commit(thing(colour="red"), PUBLISHED, cause="test")
    with operations() as done:
        saved = commit(thing(1, 1, colour="blue"), UNPUBLISHED, cause="test")
    assert done == ["UpdateItem"]
    assert record() == {"colour": "blue", "version": 2, "sequence": 1}
    assert (saved.version, saved.sequence) == (2, 1)
    assert len(aws.committed("testing")) == 1


def test_the_first_write_of_a_record_may_be_unpublished_and_its_events_begin_at_one() -> None:
    commit(thing(colour="red"), UNPUBLISHED, cause="test")
    saved = commit(thing(1, 0, colour="blue"), TWICE, cause="test")
    assert record() == {"colour": "blue", "version": 2, "sequence": 2}
    assert (saved.version, saved.sequence) == (2, 2)
    assert [event.sequence for event in aws.committed("testing")] == [1, 2]


def test_a_write_beside_an_unpublished_decision_is_one_transaction_with_it() -> None:
    commit(thing(colour="red"), UNPUBLISHED, cause="test", beside=[Write(BESIDE, sets={"a": 1})])
    assert aws.items("testing") == [{**BESIDE, "a": 1}, {**KEY, "colour": "red", "version": 1, "sequence": 0}]


def test_a_revision_publishes_nothing_and_raises_the_version() -> None:
    commit(thing(colour="red", size=3), PUBLISHED, cause="test")
    outbox.revise(thing(1, 1, colour="blue"))
    assert record() == {"colour": "blue", "size": 3, "version": 2, "sequence": 1}
    with pytest.raises(Contended):
        outbox.revise(thing(1, 1, colour="green"))
    with pytest.raises(Contended):
        commit(thing(1, 1, colour="green"), PUBLISHED, cause="test")
    assert record()["colour"] == "blue"
    assert len(aws.committed("testing")) == 1


@pytest.mark.parametrize("decision", [PUBLISHED, UNPUBLISHED])
def test_a_record_of_the_release_before_has_no_version_and_gets_one(decision: Decision[None]) -> None:
    before(0, colour="red")
    commit(thing(0, 1, colour="blue"), decision, cause="test")
    assert record() == {"colour": "blue", "version": 1, "sequence": 1 + len(decision.facts)}


@pytest.mark.parametrize("decision", [PUBLISHED, UNPUBLISHED])
@pytest.mark.parametrize(("version", "sequence"), [(0, 0), (0, 1), (1, 1)])
def test_a_write_of_the_release_before_is_seen_although_it_leaves_the_version_alone(
    version: int, sequence: int, decision: Decision[None]
) -> None:
    if version:
        commit(thing(), PUBLISHED, cause="test")
    elif sequence:
        before(0)
    before(sequence, colour="red")
    with pytest.raises(Contended):
        commit(thing(version, sequence, colour="blue"), decision, cause="test")
    assert record()["colour"] == "red"


@pytest.mark.parametrize("decision", [PUBLISHED, UNPUBLISHED])
def test_the_release_before_does_not_take_a_new_record_for_none(decision: Decision[None]) -> None:
    commit(thing(colour="red"), decision, cause="test")
    with pytest.raises(ConditionFailed):
        before(0, colour="blue")
    assert record()["colour"] == "red"
