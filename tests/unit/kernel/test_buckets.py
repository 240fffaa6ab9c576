"""Where outbox rows and commits stand: whoever looks through a time finds every place of it, and no other."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.table import buckets

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
# Some hours, over the end of a year.
MOMENTS = some.timedeltas(timedelta(0), timedelta(hours=3)).map(
    lambda later: datetime(2026, 12, 31, 22, 30, tzinfo=UTC) + later
)
SUBJECTS = some.text(max_size=40)


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        (NOON, NOON, ["2026-11-23T12"]),
        (NOON, NOON.replace(minute=59), ["2026-11-23T12"]),
        (
            NOON.replace(minute=59),
            NOON.replace(hour=13, minute=0, second=0),
            ["2026-11-23T12", "2026-11-23T13"],
        ),
        (NOON.replace(hour=23), NOON.replace(day=24, hour=0), ["2026-11-23T23", "2026-11-24T00"]),
        (NOON, NOON - timedelta(minutes=1), []),
    ],
)
def test_the_hours_of_a_time_are_each_hour_that_it_touches_in_four_shards(
    first: datetime, last: datetime, hours: list[str]
) -> None:
    assert list(buckets.hours(first, last)) == [f"{hour}#{shard}" for hour in hours for shard in range(4)]


@given(SUBJECTS, some.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_a_commit_stands_in_one_of_the_hours_of_every_time_around_it(
    subject: str, moments: list[datetime]
) -> None:
    first, between, last = moments
    place = buckets.hour_of(subject, buckets.stamp(between))
    assert place in set(buckets.hours(first, last))
    assert list(buckets.hours(first, last)).count(place) == 1


@given(SUBJECTS, some.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_a_row_of_the_outbox_stands_in_one_of_the_buckets_of_every_time_around_it(
    subject: str, moments: list[datetime]
) -> None:
    first, between, last = moments
    assert buckets.bucket_of(subject, between) in set(buckets.buckets(first, last))


@given(MOMENTS, MOMENTS)
def test_times_as_text_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    texts = buckets.stamp(one), buckets.stamp(other)
    assert (texts[0] < texts[1], texts[0] == texts[1]) == (one < other, one == other)
    assert {len(text) for text in texts} == {len("2026-11-23T12:00:30.000000+00:00")}
    assert datetime.fromisoformat(texts[0]) == one


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert buckets.stamp(east) == buckets.stamp(NOON) == "2026-11-23T12:00:30.000000+00:00"
