"""What a card processor allows: confirm once, cancel before capture, refund no more than was captured.

Nothing runs in the background. What happens later follows from times on record when the payment is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from acquirer.methods import NEVER, Behaviour, Status, behaviour
from acquirer.refusals import AmountRefused, ChargeDisputed, RefundRefused, UnexpectedState

DISPUTE_FEE = 1500
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MINIMUM = {
    **{"aed": 200, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "mxn": 1000, "myr": 200},
    **{"nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000},
}
SMALLEST, LARGEST = 50, 99_999_999
OPEN, WON, LOST = "needs_response", "won", "lost"


@dataclass(frozen=True)
class Refund:
    """Money that goes back, in minor units. It is pending until `settles_at`, failed from `fails_at` on."""

    id: str
    payment_intent: str
    amount: int
    created_at: str
    settles_at: str
    fails_at: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    def status(self, now: datetime) -> str:
        if self.has_failed(now):
            return "failed"
        return "succeeded" if now >= datetime.fromisoformat(self.settles_at) else "pending"

    def has_failed(self, now: datetime) -> bool:
        return bool(self.fails_at) and now >= datetime.fromisoformat(self.fails_at)


@dataclass(frozen=True)
class Dispute:
    """The customer's bank took `amount` back, from `opens_at` on; from `closes_at` on it is won or lost."""

    amount: int
    opens_at: datetime
    closes_at: datetime
    won: bool

    def status(self, now: datetime) -> str:
        if now < self.closes_at:
            return OPEN
        return WON if self.won else LOST


@dataclass(frozen=True)
class Intent:
    """One payment. Amounts in minor units; `confirmation` is the hash of the key that confirmed it.

    `settles_at` is the time of its capture, which may lie ahead. `told` names the events that were sent.
    `outages` counts the confirmations that failed on purpose.
    """

    id: str
    amount: int
    currency: str
    payment_method: str
    created_at: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    status: Status = Status.UNCONFIRMED
    confirmation: str = ""
    settles_at: str = ""
    link: str = ""
    authenticated_at: str = ""
    refunds: tuple[Refund, ...] = ()
    told: tuple[str, ...] = ()
    outages: int = 0
    version: int = 1

    @property
    def behaviour(self) -> Behaviour:
        return behaviour(self.payment_method)

    @property
    def fails_before(self) -> bool:
        """Whether the next confirmation fails on purpose, and does nothing."""
        plan = self.behaviour
        return plan.fails_before and not (plan.once and self.outages)

    @property
    def suffix(self) -> str:
        """The part of the id that the ids of its charge and its dispute have too."""
        return self.id.removeprefix("pi_")

    @property
    def amount_captured(self) -> int:
        return self.amount if self.status is Status.SUCCEEDED else 0

    def amount_refunded(self, now: datetime) -> int:
        """What went back, or is on its way, as far as it has not failed by now."""
        asked = [one for one in self.refunds if now >= datetime.fromisoformat(one.created_at)]
        return sum(refund.amount for refund in asked if not refund.has_failed(now))

    def dispute(self, now: datetime) -> Dispute | None:
        """The dispute, if one has opened by now. What has gone back before is not disputed."""
        plan = self.behaviour.dispute
        if plan is None or self.status is not Status.SUCCEEDED:
            return None
        opens_at = datetime.fromisoformat(self.settles_at) + plan.opens
        amount = self.amount - self.amount_refunded(opens_at)
        is_open = now >= opens_at and amount > 0
        return Dispute(amount, opens_at, opens_at + plan.closes, plan.won) if is_open else None


def must_be_chargeable(amount: int, currency: str) -> None:
    """Raises AmountRefused for an amount, in the currency's smallest unit, that is too small or too large."""
    if amount < MINIMUM.get(currency, SMALLEST):
        raise AmountRefused(code="amount_too_small", param="amount")
    if amount > LARGEST:
        raise AmountRefused(code="amount_too_large", param="amount")


def as_of(intent: Intent, now: datetime) -> Intent:
    """The intent at this moment: a processing intent settles by time alone."""
    settled = intent.status is Status.PROCESSING and now >= datetime.fromisoformat(intent.settles_at)
    return replace(intent, status=Status.SUCCEEDED) if settled else intent


def confirm(intent: Intent, confirmation: str, *, link: str, now: datetime) -> Intent:
    """Captures, declines or asks for authentication, as the method says. The same key again changes nothing.

    Raises UnexpectedState for a payment that is neither new nor confirmed with this key.
    """
    if intent.confirmation == confirmation:
        return intent
    if intent.status is not Status.UNCONFIRMED:
        raise UnexpectedState
    outcome = intent.behaviour.outcome
    late = intent.behaviour.seconds if outcome is Status.PROCESSING else 0
    captures = outcome in (Status.SUCCEEDED, Status.PROCESSING)
    return replace(
        intent,
        status=outcome,
        confirmation=confirmation,
        settles_at=(now + timedelta(seconds=late)).isoformat() if captures else "",
        link=link if outcome is Status.ACTION else "",
    )


def authenticate(intent: Intent, *, succeeds: bool, now: datetime) -> Intent:
    """The customer has answered the bank: captures, or declines. Raises UnexpectedState if nobody asked."""
    if intent.status is not Status.ACTION:
        raise UnexpectedState
    at = now.isoformat()
    if succeeds:
        return replace(intent, status=Status.SUCCEEDED, settles_at=at, authenticated_at=at)
    return replace(intent, status=Status.DECLINED, authenticated_at=at)


def cancel(intent: Intent) -> Intent:
    """Rules out any capture from now on. Raises UnexpectedState once it is captured or cancelled."""
    match intent.status:
        case Status.UNCONFIRMED | Status.DECLINED | Status.ACTION:
            return replace(intent, status=Status.CANCELED)
        case Status.CANCELED | Status.PROCESSING | Status.SUCCEEDED:
            raise UnexpectedState


def refund(intent: Intent, new: Refund, *, now: datetime) -> Intent:
    """The intent with this refund, as its method lets it go.

    Raises RefundRefused when more would go back than was captured, and ChargeDisputed during a dispute.
    """
    dispute = intent.dispute(now)
    if dispute and dispute.status(now) != WON:
        raise ChargeDisputed(code="charge_disputed")
    left = intent.amount_captured - intent.amount_refunded(now)
    if new.amount > left:
        code = "charge_already_refunded" if intent.amount_captured and not left else None
        raise RefundRefused(code=code, param="amount")
    plan = intent.behaviour.refund
    if plan.once and intent.refunds:
        return replace(intent, refunds=(*intent.refunds, new))
    settles_at = (now + plan.settles).isoformat()
    fails_at = "" if plan.fails == NEVER else (now + plan.fails).isoformat()
    return replace(intent, refunds=(*intent.refunds, replace(new, settles_at=settles_at, fails_at=fails_at)))
