"""A rush for one product: its stock in one item chokes, in sixteen it sells to the last unit."""

from collections import Counter

from tests.simulator.plays.rush import BUYING, SELLING, Sale, played

RESERVED, REFUSED, SOLD = f"{BUYING} RESERVED", f"{BUYING} OutOfStock", f"{SELLING} COMMITTED"


def test_of_five_hundred_buyers_within_a_second_none_is_lost_to_contention() -> None:
    outcome = played(Sale(500, 500, buckets=16))
    assert outcome.answers == Counter({RESERVED: 500, SOLD: 500})
    assert outcome.wrong == []
    assert outcome.available == 0


def test_a_stock_that_is_too_small_is_sold_to_the_last_unit_and_not_further() -> None:
    outcome = played(Sale(500, 300, buckets=16))
    assert outcome.answers == Counter({RESERVED: 300, SOLD: 300, REFUSED: 200})
    assert outcome.wrong == []
    assert outcome.available == 0


def test_an_order_takes_the_last_units_from_several_buckets() -> None:
    """Sixteen buckets of three units each: every order of five needs two buckets at least."""
    outcome = played(Sale(30, 48, buckets=16, quantity=5))
    assert outcome.answers == Counter({RESERVED: 9, SOLD: 9, REFUSED: 21})
    assert outcome.wrong == []
    assert outcome.available == 3


def test_buckets_that_come_while_many_buy_help_those_who_wait() -> None:
    outcome = played(Sale(150, 1_000, buckets=16, grown_at=0.3))
    assert outcome.answers == Counter({RESERVED: 150, SOLD: 150})
    assert outcome.wrong == []


def test_a_sale_is_one_write_and_never_waits_for_buyers() -> None:
    outcome = played(Sale(100, 1_000))
    of_sales = {name: number for name, number in outcome.calls.items() if name.startswith(SELLING)}
    assert of_sales == {f"{SELLING} UpdateItem": 100}


def test_one_item_takes_many_tries_and_sixteen_take_hardly_more_than_one() -> None:
    one, many = (played(Sale(100, 1_000, buckets=buckets)) for buckets in (1, 16))
    assert one.calls[f"{BUYING} TransactWriteItems"] > 300
    assert 100 <= many.calls[f"{BUYING} TransactWriteItems"] < 130
