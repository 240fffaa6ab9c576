"""Orders over HTTP: a customer checks out, looks at an order, cancels it; operators list the unfinished."""

from dataclasses import asdict
from typing import Annotated, Any, Self, TypedDict

from pydantic import AwareDatetime, Field, model_validator

from kernel import identity
from kernel.errors import InvalidRequest, KeyReused, NotFound
from kernel.money import Money
from kernel.privacy import CardFree
from kernel.table import outbox, pages
from kernel.triggers.http import Api, Body, Response, Slug, answer, slug
from orders import checkout, domain, store
from orders.domain import Order, Status
from orders.pricing import MixedCurrencies, TotalMismatch, UnknownProduct, Wanted
from orders.store import Place

api = handler = Api()

CANCELLED_BY_CUSTOMER = "CancelledByCustomer"
UNFINISHED = (Status.NEEDS_ATTENTION, Status.PENDING, Status.CANCELLING)
LONGEST_PAGE = 50
LATEST = 10


class WantedLine(Body):
    sku: Slug
    quantity: Annotated[int, Field(ge=1, le=999)]


class Checkout(Body):
    lines: Annotated[tuple[WantedLine, ...], Field(min_length=1, max_length=50)]
    payment_method: CardFree
    expected_total: Money | None = None

    @model_validator(mode="after")
    def _one_line_per_sku(self) -> Self:
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("one line per SKU")
        return self

    def request(self, order_id: str, customer_id: str) -> checkout.Request:
        return checkout.Request(
            order_id=order_id,
            customer_id=customer_id,
            wanted=tuple(Wanted(line.sku, line.quantity) for line in self.lines),
            payment_method=self.payment_method,
            expected_total=self.expected_total,
            fingerprint=self.fingerprint(),
        )


class Cursor(pages.Cursor):
    """The order of the index after which a page begins."""

    state: str
    shard: Annotated[int, Field(ge=0)]
    due_at: AwareDatetime
    order_id: Slug


class Accepted(TypedDict):
    """An accepted checkout; the links are relative to the API's address."""

    order_id: str
    total: dict[str, int | str]
    links: dict[str, str]


class ShownOrder(TypedDict):
    """The order's own facts; `sequence` counts the events that were published about the order."""

    order_id: str
    status: Status
    reason: str | None
    lines: list[dict[str, Any]]
    total: dict[str, int | str]
    placed_at: str
    sequence: int


class CancelStarted(TypedDict):
    """The order's status once its cancellation has begun."""

    order_id: str
    status: Status


class UnfinishedOrders(TypedDict):
    """A page of 0 to 50 orders. `next` is the cursor of the next page; it is null on the last page.

    `unreadable`: ids of orders of the page that cannot be read.
    """

    checkouts: list[dict[str, object]]
    unreadable: list[str]
    next: str | None


@api.post(
    "/checkout",
    role="customer",
    takes=Checkout,
    answers={202: Accepted},
    refuses=(KeyReused, domain.ErasedCustomer, UnknownProduct, MixedCurrencies, TotalMismatch),
)
def place_order() -> Response:
    """Accepts a checkout; the same key and body get the same answer for ever."""
    caller = api.caller()
    order_id = identity.derive(caller.customer_id, api.idempotency_key())
    order = checkout.accept(api.body(Checkout).request(order_id, caller.customer_id), cause=api.cause())
    link = f"/orders/{order_id}"
    accepted = Accepted(
        order_id=order_id,
        total=order.total.plain(),
        links={"order": link, "history": f"/storefront{link}", "cancel": f"{link}/cancel"},
    )
    return answer(202, accepted, Location=f"orders/{order_id}")


@api.get("/orders/<order_id>", role="any", answers={200: ShownOrder}, refuses=(NotFound,))
def show_order(order_id: str) -> Response:
    """The order's own facts, read consistently."""
    return answer(200, _shown(_seen(order_id)))


@api.post(
    "/orders/<order_id>/cancel",
    role="customer",
    answers={202: CancelStarted},
    refuses=(NotFound, domain.AlreadyConfirmed),
)
def cancel_order(order_id: str) -> Response:
    """Starts to undo a customer's own order that is not confirmed yet; may be repeated."""

    def cancel() -> Order:
        decision = domain.fence(_seen(order_id), CANCELLED_BY_CUSTOMER)
        store.save(decision, cause=api.cause())
        return decision.state

    order = outbox.persist(cancel)
    return answer(202, CancelStarted(order_id=order_id, status=order.status))


@api.get("/ops/checkouts", role="operator", answers={200: UnfinishedOrders}, refuses=(InvalidRequest,))
def list_checkouts() -> Response:
    """One page of the unfinished orders in one state; `next` leads to the next page, if there may be one."""
    state = _state()
    page = store.unfinished(state, after=_after(state), limit=LONGEST_PAGE)
    following = page.last and _next(state, page.last)
    listed = [_listed(order) for order in page.orders]
    return answer(200, UnfinishedOrders(checkouts=listed, unreadable=list(page.unreadable), next=following))


def _state() -> Status:
    """The state that was asked for. Raises InvalidRequest unless it is a state of unfinished orders."""
    text = api.query("state")
    if text not in UNFINISHED:
        raise InvalidRequest(f"state must be one of {', '.join(UNFINISHED)}")
    return Status(text)


def _next(state: Status, last: Place) -> str:
    return Cursor(state=state.value, **last._asdict()).encoded()


def _after(state: Status) -> Place | None:
    """Where the page begins. Raises InvalidRequest for a cursor that this list did not give."""
    text = api.query("next")
    if text is None:
        return None
    cursor = pages.decoded(text, Cursor)
    if cursor.state != state:
        raise pages.foreign()
    return Place(cursor.shard, cursor.due_at, cursor.order_id)


def _listed(order: Order) -> dict[str, object]:
    when = "since" if order.phase.is_parked else "due_at"
    listed: dict[str, object] = {
        "order_id": order.order_id,
        "status": order.status,
        "reason": order.reason or None,
        "placed_at": order.placed_at.isoformat(),
        "attempts": order.attempts,
        "last_error": order.last_error or None,
        "fenced": order.phase.is_fenced,
        when: order.due_at and order.due_at.isoformat(),
    }
    return listed | {"interventions": _interventions(order)} if order.phase.is_parked else listed


def _interventions(order: Order) -> list[dict[str, str]]:
    """Who had the order resumed, when and why, the latest first."""
    return [
        {"id": one.id, "at": one.at.isoformat(), "by": one.by, "because": one.because}
        for one in store.granted(order.order_id, limit=LATEST)
    ]


def _seen(order_id: str) -> Order:
    """The order. Raises NotFound when there is none, and when the caller may not see it."""
    caller = api.caller()
    order = store.load(slug(order_id))
    caller.must_see(order.customer_id if order else None)
    if order is None:
        raise NotFound
    return order


def _shown(order: Order) -> ShownOrder:
    return {
        "order_id": order.order_id,
        "status": order.status,
        "reason": order.reason or None,
        "lines": [asdict(line) for line in order.lines],
        "total": order.total.plain(),
        "placed_at": order.placed_at.isoformat(),
        "sequence": order.sequence,
    }
