"""The inbox: an effect, and the row that remembers it, are one transaction."""

import pytest

from kernel.errors import ConditionFailed
from kernel.table import inbox, items, writes
from kernel.table.writes import Write
from tests.support import aws

SERVICE = "testing"
pytestmark = pytest.mark.usefixtures("service")
COUNTER = {"pk": "counter", "sk": "counter"}


def count(message: str, consumer: str = "counting", fingerprint: str = "") -> None:
    effect = Write(key=COUNTER, adds={"total": 1})
    writes.transact([effect, inbox.once(consumer, message, fingerprint=fingerprint)])


def total() -> int:
    return int((items.load(COUNTER) or {"total": 0})["total"])


def test_a_message_has_its_effect_once() -> None:
    count("m1")
    with pytest.raises(ConditionFailed):
        count("m1")
    assert total() == 1


def test_another_message_has_its_own_effect_and_so_has_another_consumer() -> None:
    count("m1")
    count("m2")
    count("m1", consumer="another")
    assert total() == 3


def test_an_effect_that_did_not_happen_is_not_remembered() -> None:
    impossible = Write(key=COUNTER, adds={"total": 1}, condition="attribute_exists(#pk)")
    with pytest.raises(ConditionFailed) as failed:
        writes.transact([impossible, inbox.once("counting", "m1")])
    assert list(failed.value.old) == [0]
    count("m1")
    assert total() == 1


def test_a_repeated_message_tells_the_fingerprint_of_the_first_time() -> None:
    count("m1", fingerprint="first")
    with pytest.raises(ConditionFailed) as failed:
        count("m1", fingerprint="second")
    assert failed.value.old[1]["fingerprint"] == "first"


def test_a_message_is_remembered_for_ever() -> None:
    count("m1")
    (remembered,) = [item for item in aws.items("testing") if item["pk"].startswith("inbox#")]
    assert "expires_at" not in remembered
