"""The only clock and the only ids: derived ids are the same for ever, and differ when their parts do."""

import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from kernel import identity

parts = some.lists(some.text() | some.integers(), max_size=4)


def test_an_id_follows_from_its_parts_for_ever() -> None:
    assert identity.derive("settle.orders", "order/1", 1) == "eccfefbc-dd62-55d8-9efe-8e7afb2500e7"


def test_where_one_part_ends_and_the_next_begins_makes_a_difference() -> None:
    assert identity.derive("a", "bc") != identity.derive("ab", "c")
    assert identity.derive("a", 1) != identity.derive("a", "1")


@given(parts, parts)
def test_ids_are_alike_exactly_when_their_parts_are(one: list[str | int], other: list[str | int]) -> None:
    assert (identity.derive(*one) == identity.derive(*other)) is (one == other)


def test_an_id_is_a_uuid_of_version_five() -> None:
    assert uuid.UUID(identity.derive("anything")).version == 5


def test_the_clock_tells_utc() -> None:
    assert identity.now().utcoffset() == timedelta(0)
