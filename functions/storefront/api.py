"""The storefront over HTTP: customers see their own orders, operators see anybody's."""

import re
from contextlib import suppress
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import StringConstraints

from kernel.errors import InvalidRequest, NotFound
from kernel.table import pages
from kernel.triggers.http import Api, Response, Slug, answer, slug
from storefront import order_history
from storefront.order_history import OrderHistory, Place

api = handler = Api()

FRESHNESS = (
    "Eventually consistent: an order placed or changed a moment ago may be missing or older here. "
    "GET /storefront/orders/{id}?min_sequence=N answers with at least that state."
)


class Cursor(pages.Cursor):
    """The customer, and the order after which a page begins."""

    customer_id: str
    placed_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$")]
    order_id: Slug


class CatchingUp(TypedDict):
    """The row is older than the request asks for. The request may be repeated in a second."""

    status: Literal["catching_up"]
    sequence: int
    min_sequence: int


class Page(TypedDict):
    """Orders of one customer, newest first. `next` is the cursor of the next page, if there is one."""

    orders: list[dict[str, Any]]
    freshness: str
    next: NotRequired[str]


@api.get(
    "/storefront/orders/<order_id>",
    role="any",
    answers={200: OrderHistory, 202: CatchingUp},
    refuses=(InvalidRequest, NotFound),
)
def show_order(order_id: str) -> Response:
    """The order's row, or 202 while it is older than `min_sequence`.

    Somebody else's order is answered in every way like an order that does not exist.
    """
    row = _seen(order_id)
    wanted = _whole_number("min_sequence", default=0, most=10**10 - 1)
    sequence = row.sequence if row else 0
    if sequence < wanted:
        waiting = CatchingUp(status="catching_up", sequence=sequence, min_sequence=wanted)
        return answer(202, waiting, Retry_After="1")
    if row is None:
        raise NotFound
    return answer(200, row)


@api.get(
    "/storefront/customers/<customer_id>/orders",
    role="operator",
    answers={200: Page},
    refuses=(InvalidRequest, NotFound),
)
def list_orders(customer_id: str) -> Response:
    """One page of a customer's orders, newest first; `next` leads to the next page, if there is one."""
    return _listed(slug(customer_id))


@api.get("/storefront/me/orders", role="customer", answers={200: Page}, refuses=(InvalidRequest,))
def list_own_orders() -> Response:
    """One page of the caller's own orders, like an operator's page of them."""
    return _listed(api.caller().customer_id)


def _listed(customer_id: str) -> Response:
    limit = _whole_number("limit", default=20, most=100)
    places = order_history.of_customer(customer_id, limit=limit + 1, after=_after(customer_id))
    rows = order_history.load_all([place.order_id for place in places[:limit]])
    page = Page(orders=[row.model_dump(mode="json") for row in rows], freshness=FRESHNESS)
    if len(places) > limit:
        page["next"] = Cursor(customer_id=customer_id, **places[limit - 1]._asdict()).encoded()
    return answer(200, page)


def _seen(order_id: str) -> OrderHistory | None:
    """The row, when there is one and the caller may see it."""
    caller = api.caller()
    row = order_history.load(slug(order_id))
    with suppress(NotFound):
        caller.must_see(row.customer_id if row else None)
        return row
    return None


def _whole_number(name: str, *, default: int, most: int) -> int:
    """A query parameter from 1 to `most`. Raises InvalidRequest."""
    text = api.query(name)
    if text is None:
        return default
    if not re.fullmatch("[1-9][0-9]{0,9}", text) or int(text) > most:
        raise InvalidRequest(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def _after(customer_id: str) -> Place | None:
    """Where the page begins. Raises InvalidRequest for a cursor that this customer's list did not give."""
    text = api.query("next")
    if text is None:
        return None
    cursor = pages.decoded(text, Cursor)
    if cursor.customer_id != customer_id:
        raise pages.foreign()
    return Place(cursor.placed_at, cursor.order_id)
