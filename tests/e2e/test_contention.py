"""Fifty buyers at once want the last ten units: ten get one, forty are cancelled, and the stock adds up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from localstack.shop.deployed import FINAL, DeployedShop, expect, wait_for

BUYERS, LAST = 50, 10


def test_fifty_concurrent_checkouts_for_the_last_ten_units_confirm_exactly_ten(shop: DeployedShop) -> None:
    sku = shop.new_product(price=1000, quantity=LAST)
    shop.on_sale(sku, 1000)
    buyer, method = shop.customer("frank"), shop.method("frank", "pm_approve")
    with ThreadPoolExecutor(BUYERS) as threads:
        answers = list(threads.map(lambda _: buyer.checkout(sku, 1, method), range(BUYERS)))
    order_ids = [expect(answer, 202)["order_id"] for answer in answers]
    assert len(set(order_ids)) == BUYERS
    seen: list[tuple[int, int]] = []

    def open_orders() -> list[str]:
        seen.append(shop.stock(sku))
        return [each for each in order_ids if buyer.order(each).body["status"] not in FINAL]

    wait_for(open_orders, lambda still_open: not still_open, patience=180)
    ends = Counter(
        (order["status"], order["reason"]) for order in (buyer.order(each).body for each in order_ids)
    )
    assert ends == {("CONFIRMED", None): LAST, ("CANCELLED", "OutOfStock"): BUYERS - LAST}
    assert wait_for(lambda: shop.stock(sku), lambda stock: stock[1] == LAST) == (0, LAST)
    assert all(sum(stock) == LAST and min(stock) >= 0 for stock in seen)
    captured = [sum(intent["amount_received"] for intent in shop.intents(each)) for each in order_ids]
    assert Counter(captured) == {1000: LAST, 0: BUYERS - LAST}
