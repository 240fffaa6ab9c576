"""The books over HTTP: trial balance, months, revenue. The function of `payments.api` answers its routes."""

import re
from datetime import date, timedelta
from typing import TypedDict

from kernel import identity
from kernel.errors import InvalidRequest, KeyReused, NotFound
from kernel.table import buckets
from kernel.triggers.http import Api, Response, answer
from payments import closing, store, totals
from payments.closing import Day, Month, MonthClosed, MonthNotOver, Sums

api = Api()

MOST_DAYS = 366


class ShownSum(TypedDict):
    """What was posted to an account in one currency, in minor units. `balance` is on its normal side."""

    account: str
    currency: str
    debit: int
    credit: int
    balance: int


class TrialBalance(TypedDict):
    """What was posted until the end of a day, by the seals until number `seal`."""

    day: str
    seal: int
    provisional: bool
    accounts: list[ShownSum]


class ShownMonth(TypedDict):
    """A closed month: the number and the digest of its last seal, and its trial balance."""

    month: str
    seal: int
    digest: str
    closed_at: str
    by: str
    accounts: list[ShownSum]


class ShownRevenue(TypedDict):
    """Revenue by day and currency in minor units, and what was given back of earlier revenue."""

    first: str
    last: str
    seal: int
    provisional: bool
    days: list[dict[str, int | str]]


@api.get("/ledger/trial-balance", role="operator", answers={200: TrialBalance})
def show_trial_balance() -> Response:
    """The debits and credits of each account until the end of a `day` (UTC), and its balance."""
    day = _day("day")
    newest, found = totals.newest(), totals.as_of(day)
    shown = TrialBalance(
        day=day,
        seal=found.seal if found else 0,
        provisional=not closing.is_final(day, newest),
        accounts=_accounts(found.totals if found else {}),
    )
    return answer(200, shown)


@api.get("/ledger/revenue", role="operator", answers={200: ShownRevenue})
def show_revenue() -> Response:
    """The revenue of each day `from` a day `to` another, at most a year, by replay."""
    first, last = _day("from"), _day("to")
    if not timedelta() <= date.fromisoformat(last) - date.fromisoformat(first) < timedelta(days=MOST_DAYS):
        raise InvalidRequest(f"to must be from or a day after it, of {MOST_DAYS} days at most")
    newest, days = totals.newest(), totals.between(first, last)
    told: list[dict[str, int | str]] = [
        {"day": one.day, "currency": one.currency, "revenue": one.revenue, "refunds": one.refunds}
        for one in closing.revenue(days)
    ]
    seal, is_final = days[-1].seal if days else 0, closing.is_final(last, newest)
    return answer(200, ShownRevenue(first=first, last=last, seal=seal, provisional=not is_final, days=told))


@api.post(
    "/ledger/months/<month>/closing",
    role="operator",
    answers={201: ShownMonth},
    refuses=(NotFound, KeyReused, MonthNotOver, MonthClosed),
)
def close_month(month: str) -> Response:
    """Closes a month with the last seal of its last day, once per Idempotency-Key."""
    by = api.caller().customer_id
    name = _month(month)
    request, fingerprint = identity.derive(by, api.idempotency_key()), identity.derive("close", name)
    if not store.remembers(request, fingerprint):
        newest = totals.newest()  # read first: what is final by then is found whole
        last = closing.close(name, totals.as_of(closing.last_day(name)), newest=newest)
        closed = _closed(name, last, by=by)
        totals.close(closed, request=request, fingerprint=fingerprint)
    return answer(201, _shown(totals.month(name)))


@api.get("/ledger/months/<month>", role="operator", answers={200: ShownMonth}, refuses=(NotFound,))
def show_month(month: str) -> Response:
    """A closed month, always the same. An open month is not found."""
    return answer(200, _shown(totals.month(_month(month))))


def _closed(month: str, last: Day, *, by: str) -> Month:
    now = buckets.stamp(identity.now())
    return Month(month, last.seal, last.digest, last.totals, closed_at=now, by=by)


def _shown(found: Month | None) -> ShownMonth:
    if found is None:
        raise NotFound
    return ShownMonth(
        month=found.month,
        seal=found.seal,
        digest=found.digest,
        closed_at=found.closed_at,
        by=found.by,
        accounts=_accounts(found.totals),
    )


def _accounts(sums: Sums) -> list[ShownSum]:
    return [
        ShownSum(
            account=account,
            currency=currency,
            debit=sum.debit,
            credit=sum.credit,
            balance=closing.balance(account, sum),
        )
        for (account, currency), sum in sorted(sums.items())
    ]


def _day(name: str) -> str:
    text = api.query(name) or ""
    if not _is_date(text):
        raise InvalidRequest(f"{name} must be a day, as 2026-01-31")
    return text


def _month(text: str) -> str:
    if not _is_date(f"{text}-01"):
        raise NotFound
    return text


def _is_date(text: str) -> bool:
    """Whether it is a day of a year that is not the last of all, since days are counted on from it."""
    if not re.fullmatch(r"[0-8]\d{3}-\d\d-\d\d", text, re.ASCII):
        return False
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
