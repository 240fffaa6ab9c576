"""Refunds after the sale: what goes back is a part of what was sold."""

from collections.abc import Iterator

from ops.evidence import Evidence
from ops.invariants.ledger import at_rest, entries_of, postings_of, totals
from ops.invariants.money import sale_refunded
from ops.invariants.registry import Finding, invariant

ONCE = ("SaleRefundStarted", "SaleRefunded", "SaleRefundFailed", "GivenBack")


@invariant
def refunds_are_parts_of_the_sale(evidence: Evidence) -> Iterator[Finding]:
    """After the sale no more goes back than was captured, and each refund is decided once and given once."""
    for pk, commits in at_rest(evidence):
        said: dict[str, list[str]] = {}
        for entry in (entry for commit in commits for entry in entries_of(commit)):
            if entry["type"] in ONCE:
                said.setdefault(entry["refund"], []).append(entry["type"])
        for refund, types in said.items():
            if any(types.count(kind) > 1 + types.count("SaleRefundFailed") for kind in {*types}):
                yield pk, f"of the refund {refund} it says {', '.join(types)}"
        sums = totals(postings_of(commits))
        if sums.get("refunds", 0) > sums.get("revenue", 0):
            yield pk, f"of {sums.get('revenue', 0)} sold, {sums['refunds']} go back"


@invariant
def nobody_gets_more_back_than_was_paid(evidence: Evidence) -> Iterator[Finding]:
    """Once every refund has an outcome, refunds and lost disputes are at most what was sold."""
    for order_id, payment in evidence.settled("payments", "payment"):
        if payment["status"] == "SOLD" and not sale_refunded(payment, "PENDING"):
            sums = totals(postings_of(evidence.ledger.get(f"payment#{order_id}", ())))
            back = sums.get("refunds", 0) + sums.get("dispute_loss", 0)
            if back > sums.get("revenue", 0):
                yield order_id, f"of {sums.get('revenue', 0)} sold, {back} have gone back"
