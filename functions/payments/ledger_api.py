"""The ledger over HTTP: statements of accounts. Its routes are answered by the function of `payments.api`."""

import re
from datetime import datetime
from typing import NotRequired, TypedDict

from kernel import identity
from kernel.errors import InvalidRequest, NotFound
from kernel.table import buckets
from kernel.triggers.http import Api, Response, answer, slug
from payments import accounts, chart, store
from payments.accounts import Asked, Told
from payments.statements import Balances, By, Line

api = Api()

MOST_LINES = 1_000


class ShownLine(TypedDict):
    """A posting of an account: what it added, and the balance after it. Amounts are in minor units.

    `name` is its place in the account's stream. Only operators see the processor's `reference`.
    """

    name: str
    code: str
    entry: str
    recorded_at: str
    effective_at: str
    amount: int
    running: int
    currency: str
    seal: int | None
    reverses: str
    reversed_by: str
    reference: NotRequired[str]


class ShownStatement(TypedDict):
    """An account's statement after `since`, until `until`. While `provisional`, a later answer may differ."""

    account: str
    by: str
    since: str
    until: str
    at: str
    seal: int
    provisional: bool
    opening: list[dict[str, int | str]]
    lines: list[ShownLine]
    closing: list[dict[str, int | str]]


@api.get(
    "/ledger/orders/<order_id>/statement",
    role="operator",
    answers={200: ShownStatement},
    refuses=(NotFound,),
)
def show_order_statement(order_id: str) -> Response:
    """An order's account: opening, lines and closing of a period, by recorded or by effective time."""
    asked = _asked()
    told = accounts.statement(store.PAYMENTS, slug(order_id), account=chart.ORDER, asked=asked)
    if told.is_empty:
        raise NotFound
    return _answer(f"order:{order_id}", asked, told)


@api.get(
    "/ledger/wallets/<customer_id>/statement",
    role="operator",
    answers={200: ShownStatement},
    refuses=(NotFound,),
)
def show_wallet_statement(customer_id: str) -> Response:
    """A customer's wallet, in the same form. A wallet without any change is empty."""
    asked, owner = _asked(), slug(customer_id)
    told = accounts.statement(store.WALLETS, owner, account=chart.WALLET, asked=asked)
    return _answer(f"wallet:{owner}", asked, told)


@api.get("/wallets/me/statement", role="customer", answers={200: ShownStatement})
def show_my_statement() -> Response:
    """The caller's own wallet, in the same form, without the processor's references."""
    asked, owner = _asked(), api.caller().customer_id
    told = accounts.statement(store.WALLETS, owner, account=chart.WALLET, asked=asked)
    return _answer(f"wallet:{owner}", asked, told, shows_references=False)


def _asked() -> Asked:
    """The period of the query string: `from`, `to`, `at` are times, `by` is recorded or effective."""
    by = api.query("by") or By.RECORDED
    if by not in {*By}:
        raise InvalidRequest("by must be recorded or effective")
    known = _moment("at") or buckets.stamp(identity.now())
    return Asked(_moment("from"), _moment("to") or known, known, By(by))


def _moment(name: str) -> str:
    text = api.query(name)
    if not text:
        return ""
    try:
        if re.match(r"\d{4}-\d\d-\d\dT", text) and (found := datetime.fromisoformat(text)).tzinfo:
            return buckets.stamp(found)
    except (ValueError, OverflowError):
        pass
    raise InvalidRequest(f"{name} must be an RFC 3339 time with a zone")


def _answer(account: str, asked: Asked, told: Told, *, shows_references: bool = True) -> Response:
    found = told.statement
    if len(found.lines) > MOST_LINES:
        raise InvalidRequest(f"that is more than {MOST_LINES} lines: ask for a shorter period")
    shown = ShownStatement(
        account=account,
        by=asked.by,
        since=asked.since,
        until=asked.until,
        at=asked.known,
        seal=told.cut.seal,
        provisional=told.cut.provisional,
        opening=_balances(found.opening),
        lines=[_line(line, shows_reference=shows_references) for line in found.lines],
        closing=_balances(found.closing),
    )
    return answer(200, shown)


def _balances(found: Balances) -> list[dict[str, int | str]]:
    return [{"amount": amount, "currency": currency} for currency, amount in sorted(found.items())]


def _line(line: Line, *, shows_reference: bool) -> ShownLine:
    posting = line.posting
    shown = ShownLine(
        name=line.name,
        code=posting.code,
        entry=line.entry,
        recorded_at=line.recorded_at,
        effective_at=line.effective_at,
        amount=line.amount,
        running=line.running,
        currency=posting.currency,
        seal=line.seal,
        reverses=line.reverses,
        reversed_by=line.reversed_by,
    )
    return ShownLine(**shown, reference=posting.reference) if shows_reference else shown
