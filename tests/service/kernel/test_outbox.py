"""The outbox: state and events are committed together or not at all, numbered without gaps."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import identity
from kernel.errors import ConditionFailed, Contended, EventTooLarge
from kernel.events import Decision, Event
from kernel.table import outbox, writes
from kernel.table.buckets import SHARDS, bucket
from kernel.table.outbox import Aggregate, commit
from kernel.table.writes import Write
from tests.support import aws
from tests.support.races import operations

SERVICE = "testing"
pytestmark = pytest.mark.usefixtures("service")
NOON = datetime(2026, 11, 23, 12, 0, 30, 250_000, tzinfo=UTC)
KEY = {"pk": "thing#1", "sk": "thing"}
BESIDE = {"pk": "beside", "sk": "beside"}


class ThingMade(Event):
    """A thing was made."""

    name: str


class ThingPainted(Event):
    """A thing has a colour."""

    version = 3
    colour: str


def thing(version: int = 0, sequence: int = 0, *, subject: str = "thing/1", **sets: Any) -> Aggregate:
    return Aggregate(KEY, subject, "order-1", version=version, sequence=sequence, sets=sets)


def said(*facts: Event) -> Decision[None]:
    return Decision(None, facts)


def record() -> dict[str, Any]:
    (found,) = [item for item in aws.state("testing") if item["pk"] == KEY["pk"]]
    return {name: value for name, value in found.items() if name not in KEY}


def made(name: str = "mug") -> ThingMade:
    return ThingMade(name=name)


def beside(condition: str = "", **sets: Any) -> Write:
    return Write(key=BESIDE, sets=sets or {"a": 1}, condition=condition)


def sealed(fact: Event | None = None, *, subject: str = "thing/1", after: int = 0) -> str:
    """One fact in its envelope."""
    (text,) = outbox.sealed(
        [fact or made()], subject=subject, correlation="order-1", after=after, cause="test"
    )
    return text


def id_of(envelope: str) -> str:
    return str(json.loads(envelope)["id"])


def row() -> dict[str, Any]:
    (found,) = [item for item in aws.items("testing") if item.get("kind") == "outbox"]
    return found


def test_state_events_and_writes_beside_them_are_one_transaction() -> None:
    with operations() as done:
        commit(thing(colour="red"), said(made()), cause="test", beside=[beside()])
    assert done == ["TransactWriteItems"]
    assert aws.state("testing") == [{**BESIDE, "a": 1}, {**KEY, "colour": "red", "version": 1, "sequence": 1}]
    assert [event.type for event in aws.committed("testing")] == ["ThingMade"]


def test_an_event_says_everything_about_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: NOON)
    commit(thing(), said(made(), ThingPainted(colour="red")), cause="message-7")
    assert [event.model_dump(mode="json") for event in aws.committed("testing")] == [
        {
            "specversion": "1.0",
            "id": identity.derive("settle.testing", "thing/1", sequence),
            "source": "settle.testing",
            "type": kind,
            "subject": "thing/1",
            "time": "2026-11-23T12:00:30.250000Z",
            "datacontenttype": "application/json",
            "dataversion": version,
            "sequence": sequence,
            "correlationid": "order-1",
            "causationid": "message-7",
            "data": data,
        }
        for sequence, kind, version, data in [
            (1, "ThingMade", 1, {"name": "mug"}),
            (2, "ThingPainted", 3, {"colour": "red"}),
        ]
    ]


def test_every_event_has_its_own_number_without_a_gap() -> None:
    commit(thing(), said(made(), made()), cause="test")
    commit(thing(1, 2), said(made()), cause="test")
    commit(thing(2, 3), said(made(), made(), made()), cause="test")
    assert [event.sequence for event in aws.committed("testing")] == [1, 2, 3, 4, 5, 6]
    assert record() == {"version": 3, "sequence": 6}


def test_the_same_event_has_the_same_id_whenever_it_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for moment, name in [(NOON, "mug"), (NOON + timedelta(days=9), "lid")]:
        monkeypatch.setattr(identity, "now", lambda moment=moment: moment)
        ids.append(id_of(sealed(made(name))))
    assert ids[0] == ids[1] == identity.derive("settle.testing", "thing/1", 1)


def test_events_of_other_subjects_numbers_or_services_have_other_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {id_of(sealed()), id_of(sealed(after=1)), id_of(sealed(subject="thing/2"))}
    monkeypatch.setenv("SERVICE", "another")
    assert len(ids | {id_of(sealed())}) == 4


def test_a_commit_on_an_aggregate_that_is_not_there_writes_nothing() -> None:
    with pytest.raises(Contended):
        commit(thing(4, 4), said(made()), cause="test")
    assert aws.items("testing") == []


def test_no_facts_write_nothing_at_all() -> None:
    commit(thing(colour="red"), said(), cause="test", beside=[beside()])
    assert aws.items("testing") == []


def test_a_condition_beside_that_does_not_hold_is_named_and_nothing_is_written() -> None:
    writes.update(Write(key=BESIDE, sets={"a": 7}))
    fine = Write(key={"pk": "fine", "sk": "fine"}, sets={"a": 1})
    with pytest.raises(ConditionFailed) as failed:
        commit(thing(), said(made()), cause="test", beside=[fine, beside("attribute_not_exists(#pk)")])
    assert failed.value.old == {1: {**BESIDE, "a": 7}}
    assert aws.items("testing") == [{**BESIDE, "a": 7}]


def test_a_stale_aggregate_counts_for_more_than_a_condition_beside_it() -> None:
    commit(thing(), said(made()), cause="test", beside=[beside()])
    with pytest.raises(Contended):
        commit(thing(), said(made()), cause="test", beside=[beside("attribute_not_exists(#pk)")])


def test_attributes_not_named_stay_and_removed_ones_go() -> None:
    commit(thing(colour="red", size=3, note="x"), said(made()), cause="test")
    commit(replace(thing(1, 1, colour="blue"), removes=["note"]), said(made()), cause="test")
    assert record() == {"colour": "blue", "size": 3, "version": 2, "sequence": 2}


def test_an_event_over_256_kilobytes_is_refused_before_anything_is_written() -> None:
    with pytest.raises(EventTooLarge) as refused:
        commit(thing(), said(made(), made("x" * 262_144)), cause="test", beside=[beside()])
    assert refused.value.data["types"] == ["ThingMade", "ThingMade"]
    assert max(refused.value.data["bytes"]) > 262_144
    assert aws.items("testing") == []


def test_the_size_of_an_event_is_that_of_its_whole_envelope_in_bytes() -> None:
    empty = len(sealed(made("")))
    room = 262_144 - empty
    commit(thing(), said(made("é" * (room // 2 - 10))), cause="test")
    with pytest.raises(EventTooLarge):
        commit(thing(1, 1), said(made("é" * (room // 2 + 10))), cause="test")


def test_an_outbox_row_lives_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: NOON)
    commit(thing(), said(made()), cause="test")
    assert row()["expires_at"] == int(datetime(2026, 12, 23, 12, 0, 30, tzinfo=UTC).timestamp())
    assert all("expires_at" not in item for item in aws.state("testing"))


def test_a_row_is_kept_by_minute_so_that_lost_minutes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: NOON)
    commit(thing(), said(made(), made()), cause="test")
    found = row()
    assert found["pk"] in {bucket(NOON, shard) for shard in range(SHARDS)}
    assert found["pk"].startswith("outbox#2026-11-23T12:00#")
    assert (found["sk"], len(found["events"])) == ("thing/1#0000000001", 2)


def test_load_decide_and_save_are_run_again_while_another_writes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)
    outcomes: list[Any] = [Contended(), Contended(), "saved"]

    def use_case() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return str(outcome)

    assert outbox.persist(use_case) == "saved"
    outcomes[:] = [Contended()] * 20
    with pytest.raises(Contended):
        outbox.persist(use_case)
    assert 10 < len(outcomes) < 19
    outcomes[:] = [EventTooLarge(), "never"]
    with pytest.raises(EventTooLarge):
        outbox.persist(use_case)
    assert outcomes == ["never"]


def test_events_that_fit_one_by_one_but_not_in_one_row_are_refused_by_name() -> None:
    with pytest.raises(EventTooLarge):
        commit(thing(), said(made("x" * 210_000), made("x" * 210_000)), cause="test")
