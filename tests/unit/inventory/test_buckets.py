"""Which buckets an order takes from, and how units are moved between them without one being lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from inventory import buckets
from inventory.buckets import Bucket, Found, Move
from inventory.domain import Line, Take

SHELVES = some.lists(some.integers(0, 9), min_size=1, max_size=8)


def shelf(*available: int) -> list[Bucket]:
    return [Bucket(units, units) for units in available]


def search(quantity: int, *available: int, first: int = 0) -> Found:
    return buckets.search(Line("mug", quantity), shelf(*available), first=first)


@pytest.mark.parametrize(
    ("quantity", "available", "first", "takes"),
    [
        (2, (2, 9, 9), 0, [(0, 2)]),
        (2, (1, 0, 9, 9), 0, [(2, 2)]),
        (2, (9, 0, 1), 2, [(0, 2)]),
        (5, (1, 4, 2), 0, [(1, 4), (2, 1)]),
        (7, (1, 4, 2), 0, [(1, 4), (2, 2), (0, 1)]),
        (8, (1, 4, 2), 0, []),
        (1, (0,), 0, []),
    ],
)
def test_a_line_takes_from_the_first_bucket_that_has_enough_or_from_the_fewest(
    quantity: int, available: tuple[int, ...], first: int, takes: list[tuple[int, int]]
) -> None:
    found = search(quantity, *available, first=first)
    assert found.takes == tuple(Take("mug", units, bucket) for bucket, units in takes)


@pytest.mark.parametrize(
    ("available", "moves"),
    [
        ((0, 9), (Move("mug", 4, source=1, target=0),)),
        ((0, 3), (Move("mug", 1, source=1, target=0),)),
        ((0, 2), ()),
        ((0, 1), ()),
        ((1, 9), ()),
    ],
)
def test_half_of_what_another_bucket_has_left_goes_to_the_bucket_that_was_empty(
    available: tuple[int, ...], moves: tuple[Move, ...]
) -> None:
    assert search(1, *available).moves == moves


@given(some.integers(1, 30), SHELVES)
def test_what_is_found_is_what_was_asked_and_no_bucket_gives_more_than_it_has(
    quantity: int, available: list[int]
) -> None:
    found = search(quantity, *available)
    gone = Counter({take.bucket: take.quantity for take in found.takes})
    gone.update({move.source: move.units for move in found.moves})
    assert sum(take.quantity for take in found.takes) == (quantity if quantity <= sum(available) else 0)
    assert all(gone[bucket] <= units for bucket, units in enumerate(available))


@given(SHELVES)
def test_evened_out_no_bucket_has_more_than_one_unit_more_than_another(available: list[int]) -> None:
    over = buckets.uneven(shelf(*available))
    even = [units - over.get(bucket, 0) for bucket, units in enumerate(available)]
    assert sum(even) == sum(available)
    assert max(even) - min(even) <= 1


def test_merged_takes_are_one_take_of_all_units_from_a_bucket_that_gets_them_before() -> None:
    takes = (Take("mug", 4, 1), Take("mug", 2, 2), Take("mug", 1, 0))
    assert buckets.merged(takes) == (Take("mug", 7, 1), {1: 3, 2: -2, 0: -1})


def test_orders_begin_in_all_buckets_and_each_in_its_own_every_time() -> None:
    begun = [buckets.nearest(16, to=f"order-{number}") for number in range(1_000)]
    assert begun == [buckets.nearest(16, to=f"order-{number}") for number in range(1_000)]
    assert all(30 < count < 100 for count in Counter(begun).values())
    assert {*begun} == {*range(16)}


def test_an_order_looks_in_another_bucket_at_each_attempt() -> None:
    assert len({buckets.nearest(16, to="o1", attempt=attempt) for attempt in range(6)}) == 6
