"""Privacy: a customer's payment methods, and the ids of the processor, stay with payments."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from ops.evidence import Evidence, Item
from ops.invariants.registry import Finding, invariant

TOKEN = re.compile(r"\bpm_\w+")
PROCESSOR_ID = re.compile(r"\b(?:pi|re)_[0-9A-Za-z][0-9A-Za-z-]{7,}")
# No card number: digits of a UUID, digits within a word, and a number with a decimal point.
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
ENDS = ("OrderConfirmed", "OrderCancelled")
EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+")
SEALED = re.compile(r"[A-Za-z0-9+/]+={0,2}")
DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,}(?![\w.])")

# The records that may hold what a customer has registered, and ids of the processor.
OWN = {
    ("payments", kind) for kind in ("method", "payment", "customer", "settlement", "difference", "webhook")
}
# Rows with text that an operator typed, by service: how their keys begin, and the attribute.
TYPED = {
    "inventory": ("reason#", "because"),
    "orders": ("intervention#", "because"),
    "operations": ("audit#", "why"),
    "customers": ("reason#", "because"),
}


def leaks(texts: Iterable[str], secrets: Iterable[str] = ()) -> list[str]:
    """Private data in the texts (log lines, messages, items): the place and the kind of each find.

    `secrets` are searched for as they are; tokens, the processor's ids and card numbers by their form.
    """
    known = tuple(secret for secret in secrets if secret)
    return [f"text {place} holds {what}" for place, text in enumerate(texts) for what in _finds(text, known)]


@lru_cache(maxsize=4096)
def _finds(text: str, secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Remembered, since the same texts are asked of by several invariants, and of one log again and again."""
    return tuple(_found(text, secrets))


def _found(text: str, secrets: Iterable[str]) -> Iterator[str]:
    if any(secret in text for secret in secrets):
        yield "a secret"
    if TOKEN.search(text):
        yield "a processor's token"
    if PROCESSOR_ID.search(text):
        yield "a processor's id"
    if any(map(_has_card, DIGITS.findall(ID.sub(" ", text)))):
        yield "a card number"


def _has_card(run: str) -> bool:
    """Whether groups in a row make a number of 13 to 19 digits that satisfies Luhn."""
    groups = re.findall(r"\d+", run)
    numbers = ("".join(groups[first:last]) for first, last in combinations(range(len(groups) + 1), 2))
    return any(13 <= len(number) <= 19 and _luhn(number) for number in numbers)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


@invariant
def registrations_stay_with_payments(evidence: Evidence) -> Iterator[Finding]:
    """Outside of payments stands no token, label or fingerprint of a payment method, and no card number."""
    methods = evidence.records("payments", "method").values()
    secrets = {
        method[name] for method in methods for name in ("token", "label", "fingerprint") if method.get(name)
    }
    for place, texts in _elsewhere(evidence):
        if secrets.intersection(texts) or _kinds(texts) & {"a processor's token", "a card number"}:
            yield place, "holds what a customer has registered with payments"


@invariant
def processor_ids_stay_in_the_payment(evidence: Evidence) -> Iterator[Finding]:
    """An id of the processor stands in payments' ledger and its lists, and nowhere else."""
    for place, texts in _elsewhere(evidence):
        if "a processor's id" in _kinds(texts):
            yield place, "holds an id of the processor's"


@invariant
def payment_method_stays_with_its_order(evidence: Evidence) -> Iterator[Finding]:
    """The opaque id of a payment method is in the order, in OrderPlaced and with payments, and in no view."""
    ids = evidence.records("payments", "method").keys()
    for place, texts in _elsewhere(evidence, without="payment_method"):
        if any(method in text for text in texts for method in ids):
            yield place, "holds a payment method's id"


@invariant
def typed_text_stays_where_it_was_typed(evidence: Evidence) -> Iterator[Finding]:
    """An operator's text stands in the private row that took it and nowhere else: events carry its id."""
    # A text of one word is not searched for, since the word may be a name that stands elsewhere.
    typed = {
        row[name]
        for service, (kind, name) in TYPED.items()
        for row in evidence.tables.get(service, ())
        if row["pk"].startswith(kind) and " " in row[name]
    }
    for place, texts in _elsewhere(evidence):
        service, _, pk = place.partition(" ")
        if not (service in TYPED and pk.startswith(TYPED[service][0])) and typed.intersection(texts):
            yield place, "holds what an operator typed"


@invariant
def profiles_are_sealed(evidence: Evidence) -> Iterator[Finding]:
    """Of a profile there are sealed fields, in rows of customers, and nowhere is an address of e-mail."""
    for item in evidence.tables.get("customers", ()):
        if item["pk"].startswith("profile#") and not all(map(_is_sealed, item["sealed"].values())):
            yield f"customers {item['pk']}", "holds a field that is not sealed"
    for place, texts in _elsewhere(evidence):
        if any(EMAIL.search(text) for text in texts):
            yield place, "holds an address of e-mail"


@invariant
def who_is_forgotten_has_no_payment_method(evidence: Evidence) -> Iterator[Finding]:
    """Once a customer is erased, payments holds no token and no label of theirs."""
    erased = _erased(evidence)
    for name, method in evidence.records("payments", "method").items():
        if method["customer_id"] in erased and {"token", "label"} & method.keys():
            yield f"payments method#{name}", "is of a customer who was erased"


@invariant
def who_is_forgotten_has_no_store_credit(evidence: Evidence) -> Iterator[Finding]:
    """Once a customer is erased, their wallet is empty: all of it was paid out."""
    for name in _erased(evidence):
        balances = evidence.records("payments", "wallet").get(name, {}).get("balances", {})
        if any(any(balance.values()) for balance in balances.values()):
            yield f"wallet/{name}", "is of a customer who was erased, and is not empty"


@invariant
def who_is_forgotten_is_detached(evidence: Evidence) -> Iterator[Finding]:
    """Once a customer is erased, no method that has paid for an order of theirs is attached anywhere."""
    # The processor's books may have been read before the record of a customer who was just erased.
    erased = _erased(evidence)
    for intent in evidence.intents:
        customer = evidence.orders.get(intent["reference"], {}).get("customer_id")
        if intent.get("attached") and customer in erased and not evidence.moves(f"customer/{customer}"):
            yield intent["reference"], "its customer was erased, and its payment method is still attached"


@invariant
def orders_end_before_their_customer_is_forgotten(evidence: Evidence) -> Iterator[Finding]:
    """An order that was placed before its customer asked to be forgotten has ended before the customer is."""
    for order_id, order in evidence.orders.items():
        person = evidence.history.get(("settle.customers", f"customer/{order['customer_id']}"), ())
        began = next((event.time for event in person if event.type == "CustomerErasureStarted"), None)
        gone = next((event.time for event in person if event.type == "CustomerErased"), None)
        events = evidence.history.get(("settle.orders", f"order/{order_id}"), ())
        ended = any(event.type in ENDS and gone and event.time <= gone for event in events)
        if began and gone and events and events[0].time < began and not ended:
            yield order_id, "was open when its customer was forgotten"


def _erased(evidence: Evidence) -> set[str]:
    people = evidence.records("customers", "customer").items()
    return {name for name, customer in people if customer["status"] == "ERASED"}


def _is_sealed(text: str) -> bool:
    """Whether it is a nonce of 12 bytes, a text and a tag of 16, as base64 writes them."""
    return SEALED.fullmatch(text) is not None and len(text) >= 40


def _kinds(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(_finds("\n".join(texts), ()))


@lru_cache(maxsize=2)
def _elsewhere(evidence: Evidence, *, without: str = "") -> Sequence[tuple[str, Sequence[str]]]:
    """The place and the texts of every item, except what payments and the processor keep for themselves.

    Of a commit of the ledger, its sealed events are judged: they leave payments when they are published.
    `without` is an attribute that orders and OrderPlaced may have. Its value is left out there. The answer is
    remembered for as long as the same evidence is judged.
    """
    return [
        (f"{service} {item['pk']}", [*_texts(_public(service, item), _allowed(service, item, without))])
        for service, items in evidence.tables.items()
        for item in items
        if service != "acquirer"
    ]


def _public(service: str, item: Item) -> Any:
    return item.get("events", ()) if (service, _kind(item)) in OWN else item


def _allowed(service: str, item: Item, name: str) -> str:
    is_order = service == "orders" and _kind(item) in ("order", "outbox")
    return name if is_order or (service, _kind(item)) == ("storefront", "journal") else ""


def _kind(item: Item) -> str:
    return str(item["pk"]).partition("#")[0]


def _texts(value: Any, without: str) -> Iterator[str]:
    """Every name and text in a value. A text that is JSON is opened."""
    if isinstance(value, str):
        yield from _opened(value, without) if value.startswith("{") else (value,)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name != without:
                yield from _texts(inner, without)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, without)
    else:
        yield str(value)


@lru_cache(maxsize=4096)
def _opened(text: str, without: str) -> tuple[str, ...]:
    """Remembered, since an event stands in an outbox and in the journal, and never changes."""
    return tuple(_texts(json.loads(text), without))
