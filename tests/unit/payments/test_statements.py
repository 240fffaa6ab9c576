"""Statements: opening, lines and closing by hand. In random histories, a past answer never changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments import entries, statements, vault
from payments.chart import Posting
from payments.entries import Entry
from payments.seals import Seal, Sealed
from payments.statements import NOTHING, By, Cut, Period, Recorded
from tests.support.payment_histories import CAPTURE, CAPTURED, GIVEN_BACK, STARTED

BACK = Posting("refund", "order", "processor_receivable", 1250, "EUR", "pi_1", reverses="capture pi_1")
GOODWILL = Posting("goodwill", "goodwill", "wallet", 900, "EUR")
PAID = Posting("wallet", "wallet", "order", 300, "EUR")


def at(minute: int) -> str:
    return f"2026-03-01T12:{minute:02}:00.000000+00:00"


def commit(version: int, minute: int, *said: Entry, seal: int | None = 1, moved: int = -1) -> Recorded:
    return Recorded(version, at(minute), at(moved if moved >= 0 else minute), said, seal)


def recorded(since: Cut, until: Cut) -> Period:
    return Period(By.RECORDED, since, until, until)


def shown(
    statement: statements.Statement,
) -> tuple[dict[str, int], list[tuple[str, int, int]], dict[str, int]]:
    lines = [(line.name, line.amount, line.running) for line in statement.lines]
    return dict(statement.opening), lines, dict(statement.closing)


ORDER = [
    commit(1, 0, STARTED),
    commit(2, 1, CAPTURED),
    commit(3, 9, entries.Refunded(refund="r", postings=(BACK,)), seal=2, moved=8),
]


def test_a_statement_opens_with_what_was_before_and_closes_with_what_is_after() -> None:
    first, both = Cut(at(5), 1, provisional=False), Cut(at(10), 2, provisional=False)
    assert shown(statements.statement("order", ORDER, period=recorded(NOTHING, first))) == (
        {},
        [("2.1", 1250, 1250)],
        {"EUR": 1250},
    )
    assert shown(statements.statement("order", ORDER, period=recorded(first, both))) == (
        {"EUR": 1250},
        [("3.1", -1250, 0)],
        {"EUR": 0},
    )


def test_a_line_says_by_which_later_line_it_was_taken_back_once_that_is_known() -> None:
    first, both = Cut(at(5), 1, provisional=False), Cut(at(10), 2, provisional=False)
    (capture,) = statements.statement("order", ORDER, period=recorded(NOTHING, first)).lines
    assert (capture.reversed_by, capture.posting) == ("", CAPTURE)
    lines = statements.statement("order", ORDER, period=recorded(NOTHING, both)).lines
    assert [(line.name, line.reversed_by) for line in lines] == [("2.1", "3.1"), ("3.1", "")]


def test_what_no_seal_holds_counts_by_its_time_and_only_provisionally() -> None:
    stored = [*ORDER[:2], commit(3, 9, entries.Refunded(refund="r", postings=(GIVEN_BACK,)), seal=None)]
    assert statements.balance("order", stored, cut=Cut(at(20), 1, provisional=True)) == {"EUR": 0}
    assert statements.balance("order", stored, cut=Cut(at(8), 1, provisional=True)) == {"EUR": 1250}
    assert statements.balance("order", stored, cut=Cut(at(20), 1, provisional=False)) == {"EUR": 1250}


def test_a_wallet_shows_what_orders_have_posted_to_it() -> None:
    stored = [
        commit(1, 0, entries.Deposited(deposit="d", postings=(GOODWILL,))),
        commit(2, 1, entries.HoldPosted(order_id="o1", mirror=(PAID,))),
    ]
    everything = recorded(NOTHING, Cut(at(9), 1, provisional=False))
    assert shown(statements.statement("wallet", stored, period=everything))[1:] == (
        [("1.1", 900, 900), ("2.1", -300, 600)],
        {"EUR": 600},
    )


def test_each_currency_has_a_balance_of_its_own() -> None:
    dollars = Posting("goodwill", "goodwill", "wallet", 70, "USD")
    stored = [commit(1, 0, entries.Deposited(deposit="d", postings=(GOODWILL, dollars)))]
    assert statements.balance("wallet", stored, cut=Cut(at(9), 1, provisional=False)) == {
        "EUR": 900,
        "USD": 70,
    }


def test_by_effective_time_a_line_stands_where_the_money_moved_as_far_as_is_known() -> None:
    stored = [
        commit(1, 1, entries.Deposited(deposit="a", postings=(GOODWILL,))),
        commit(
            2, 6, entries.PaidOut(payout="b", postings=(Posting("payout", "wallet", "bank", 100, "EUR"),))
        ),
        commit(3, 9, entries.Deposited(deposit="c", postings=(GOODWILL,)), seal=2, moved=4),
    ]
    since, until = Cut(at(2), 1, provisional=False), Cut(at(6), 1, provisional=False)
    for known, wanted in ((1, [("2.1", -100, 800)]), (2, [("3.1", 900, 1800), ("2.1", -100, 1700)])):
        period = Period(By.EFFECTIVE, since, until, Cut(at(30), known, provisional=False))
        assert shown(statements.statement("wallet", stored, period=period))[:2] == ({"EUR": 900}, wanted)


def test_a_record_of_the_release_before_counts_from_the_beginning() -> None:
    brought = entries.BroughtForward(status="CAPTURED", postings=(CAPTURE,))
    stored = [Recorded(1, "", "", (brought,), 0)]
    cut = Cut(at(1), 0, provisional=True)
    assert statements.balance("order", stored, cut=cut) == {"EUR": 1250}
    effective = Period(By.EFFECTIVE, NOTHING, cut, cut)
    assert statements.statement("order", stored, period=effective).opening == {"EUR": 1250}


@dataclass
class Ledger:
    """A wallet whose deposits are recorded and sealed as a random history tells. Clocks may go back."""

    stored: list[tuple[str, int]] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)

    def record(self, minute: int, amount: int) -> None:
        last = self.stored[-1][0] if self.stored else ""
        self.stored.append((max(at(minute), last), amount))

    def seal(self, minute: int, *, skips: int) -> None:
        """Seals what is recorded by then, but one commit, which a later seal has as a straggler."""
        held = {one for seal in self.seals for one in seal.commits}
        due = [
            one
            for place, (time, _) in enumerate(self.stored)
            if (one := Sealed("wallet#w", str(place), "")) not in held and time <= at(minute)
        ]
        due = [one for place, one in enumerate(due) if place != skips]
        time = max([at(minute), *(seal.sealed_at for seal in self.seals[-1:])])
        self.seals.append(Seal(len(self.seals) + 1, time, time, "", tuple(due)))

    def ask(self, moment: str) -> tuple[dict[str, int], bool, int]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vault, "newest", lambda: iter(self.seals[::-1]))
            patch.setattr(vault, "since", self._since)
            seals = vault.Seals()
            stored = [self._commit(seals, place) for place in range(len(self.stored))]
            cut = seals.cut(moment)
        return dict(statements.balance("wallet", stored, cut=cut)), cut.provisional, cut.seal

    def _since(self, number: int, *, page: int = 25) -> Iterator[Seal]:
        assert page
        return iter(self.seals[number - 1 :])

    def _commit(self, seals: vault.Seals, place: int) -> Recorded:
        time, amount = self.stored[place]
        deposited = entries.Deposited(
            deposit="d", postings=(Posting("goodwill", "goodwill", "wallet", amount, "EUR"),)
        )
        seal = seals.number_of("wallet#w", str(place), recorded_at=time)
        assert seal == next((one.number for one in self.seals if self._holds(one, place)), None)
        return Recorded(place + 1, time, time, (deposited,), seal)

    @staticmethod
    def _holds(seal: Seal, place: int) -> bool:
        return str(place) in {one.sk for one in seal.commits}


STEPS = st.lists(
    st.tuples(st.sampled_from(["record", "seal"]), st.integers(0, 59), st.integers(1, 9)), max_size=30
)


def played(ledger: Ledger, steps: Sequence[tuple[str, int, int]]) -> None:
    for what, minute, number in steps:
        if what == "record":
            ledger.record(minute, number)
        else:
            ledger.seal(minute, skips=number - 1)


@given(before=STEPS, after=STEPS)
@settings(max_examples=150, deadline=None)
def test_a_past_answer_never_changes(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    """Later commits, stragglers that are sealed later, and clocks that go back change no final answer."""
    ledger = Ledger()
    played(ledger, before)
    moments = [at(minute) for minute in range(0, 60, 7)]
    told = {moment: answered for moment in moments if not (answered := ledger.ask(moment))[1]}
    for moment, (balance, _, number) in told.items():
        held = {one.sk for seal in ledger.seals if seal.sealed_at <= moment for one in seal.commits}
        wanted = sum(amount for place, (_, amount) in enumerate(ledger.stored) if str(place) in held)
        assert (balance.get("EUR", 0), number) == (
            wanted,
            sum(seal.sealed_at <= moment for seal in ledger.seals),
        )
    played(ledger, after)
    assert {moment: ledger.ask(moment) for moment in told} == told
