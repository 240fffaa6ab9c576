"""Stored entries: open shapes, versions, and bytes that are committed here and must be readable for ever."""

import json
from pathlib import Path
from typing import Any

import pytest

from payments import entries
from payments.chart import Posting
from payments.entries import Captured, ChargeStarted, Entry, Raw, UnknownEntry, dumped, loaded
from tests.support.given import folded
from tests.support.payment_histories import (
    CAPTURE,
    CAPTURED,
    DECLINED,
    DISPUTE,
    HISTORIES,
    PART_FAILED,
    REFUND_STARTED,
    REFUNDED,
    SALE_REFUND,
    SETTLED,
    SOLD,
    STARTED,
    VOIDED,
    WALLET,
)
from tests.support.wallet_histories import BY_WALLET

STORED = Path(__file__).parents[2] / "contracts" / "ledger" / "entries"
BROUGHT = entries.BroughtForward(status="CAPTURED", charge=STARTED, postings=(CAPTURE,))
# Once, it did not name what it takes back.
UNNAMED = Posting("sale_refund", "processor_receivable", "order", 300, "EUR", "re_1")
# What each file of stored bytes says, by hand.
SAYS: dict[str, Entry] = {
    "ChargeStarted.v1": STARTED,
    "ChargeStarted.v1-wallet": BY_WALLET,
    "ChargeStarted.v2": STARTED,
    "ChargeStarted.v2-wallet": BY_WALLET,
    "Captured.v1": CAPTURED,
    "Declined.v1": DECLINED,
    "Voided.v1": VOIDED,
    "RefundStarted.v1": REFUND_STARTED,
    "Refunded.v1": REFUNDED,
    "SalePosted.v1": SOLD,
    "BroughtForward.v1": BROUGHT,
    **{f"{type(entry).__name__}.v1": entry for entry in (*WALLET, *SALE_REFUND, *DISPUTE, SETTLED)},
    "SaleRefundFailed.v1": PART_FAILED.model_copy(update={"postings": (UNNAMED,)}),
    "SaleRefundFailed.v1-reverses": PART_FAILED,
}


def stored(name: str) -> str:
    return (STORED / f"{name}.json").read_text().removesuffix("\n")


def raw(**fields: Any) -> str:
    return json.dumps([fields])


@pytest.mark.parametrize("name", SAYS)
def test_bytes_that_were_once_stored_are_readable_for_ever(name: str) -> None:
    assert loaded(stored(name)) == (SAYS[name],)


def test_every_entry_has_its_stored_bytes_in_its_newest_version() -> None:
    newest = {f"{name}.v{shape.version}" for name, shape in entries.TYPES.items()}
    files = {path.stem for path in STORED.iterdir()}
    assert newest <= files == set(SAYS)


@pytest.mark.parametrize("name", [f"{name}.v{shape.version}" for name, shape in entries.TYPES.items()])
def test_an_entry_is_stored_in_the_bytes_that_the_release_before_can_read(name: str) -> None:
    assert dumped([SAYS[name]]) == stored(name)


@pytest.mark.parametrize("history", HISTORIES)
def test_entries_come_back_as_they_were_in_their_order(history: str) -> None:
    assert loaded(dumped(HISTORIES[history])) == HISTORIES[history]


def test_a_charge_of_the_first_version_says_by_its_absent_id_that_a_wallet_pays() -> None:
    """What was stored is never rewritten: only what is read has the newest shape."""
    (by_wallet,), (by_card,) = (loaded(stored(f"ChargeStarted.v1{kind}")) for kind in ("-wallet", ""))
    assert (by_wallet, by_card) == (BY_WALLET, STARTED)
    assert "paid_by" not in stored("ChargeStarted.v1-wallet")
    assert folded([by_wallet]).started.is_wallet
    assert not folded([by_card]).started.is_wallet


def test_fields_that_a_later_release_adds_are_ignored() -> None:
    posting = {"code": "capture", "debit": "processor_receivable", "credit": "order", "amount": 1250}
    postings = [{**posting, "currency": "EUR", "reference": "pi_1", "colour": "red"}]
    assert loaded(raw(type="Captured", v=1, postings=postings, colour="red")) == (CAPTURED,)
    amount = {"amount": 1250, "currency": "EUR", "colour": "red"}
    started = {"type": "ChargeStarted", "v": 1, "customer_id": "alice", "intent_id": "pi_1"}
    assert loaded(raw(**started, amount=amount, colour="red")) == (STARTED,)


def test_a_field_that_an_older_release_did_not_write_has_its_default() -> None:
    posting = {"code": "capture", "debit": "bank", "credit": "order", "amount": 1, "currency": "EUR"}
    found = loaded(raw(type="Captured", v=1, postings=[posting]))
    assert found == (Captured(postings=(Posting("capture", "bank", "order", 1, "EUR", "", ""),)),)
    assert loaded(raw(type="BroughtForward", v=1, status="VOIDED"))[0] == entries.BroughtForward(
        status="VOIDED", reason="", charge=None, postings=()
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "Teleported", "v": 1},
        {"v": 1},
        {"type": None, "v": 1},
        {"type": "Captured", "v": 2},
        {"type": "Captured", "v": 0},
        {"type": "Captured"},
        {"type": "Declined", "v": 1},
        {"type": "Captured", "v": 1, "postings": [{"code": "capture"}]},
        {"type": "ChargeStarted", "v": 2, "customer_id": "alice", "amount": 1250, "intent_id": "pi_1"},
    ],
)
def test_what_nobody_knows_is_a_fault_and_not_a_guess(fields: dict[str, Any]) -> None:
    with pytest.raises(UnknownEntry) as unknown:
        loaded(raw(**fields))
    assert unknown.value.data == {"type": fields.get("type"), "version": fields.get("v", 0)}


def test_an_entry_of_each_older_version_is_brought_to_the_newest_shape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once, the customer was called `payer`, and the amount was a number of euros."""

    def named(old: Raw) -> Raw:
        return {**old, "customer_id": old["payer"]}

    def counted(old: Raw) -> Raw:
        return {**old, "amount": {"amount": 100 * old["amount"], "currency": "EUR"}}

    steps = {("ChargeStarted", 1): named, ("ChargeStarted", 2): counted}
    monkeypatch.setattr(entries, "UPCASTERS", steps)
    monkeypatch.setattr(ChargeStarted, "version", 3)
    first = raw(type="ChargeStarted", v=1, payer="alice", amount=12, intent_id="pi_1")
    second = raw(type="ChargeStarted", v=2, customer_id="alice", amount=12, intent_id="pi_1")
    third = dumped(loaded(first))
    assert json.loads(third)[0]["v"] == 3
    assert loaded(first) == loaded(second) == loaded(third)
    assert [loaded(first)[0].model_dump()["amount"]["amount"]] == [1200]
    with pytest.raises(UnknownEntry):
        loaded(raw(type="ChargeStarted", v=0, payer="alice", amount=12, intent_id="pi_1"))


def test_an_older_version_without_an_upcaster_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Captured, "version", 2)
    with pytest.raises(UnknownEntry):
        loaded(stored("Captured.v1"))
