"""The processor's side: what it owes us, disputes, and the settlement. Each movement is on record once."""

from collections.abc import Iterator, Sequence

from ops.evidence import Evidence, Item
from ops.invariants.ledger import ENDED, at_rest, entries_of, order_status, postings_of, totals
from ops.invariants.money import disputed, kept_of, sale_refunded
from ops.invariants.registry import Finding, invariant

CERTAIN = ("CAPTURED", "SOLD", "REFUNDED", "VOIDED")
FOLLOWED = (["DisputeOpened"], ["DisputeOpened", "DisputeWon"], ["DisputeOpened", "DisputeLost"])


@invariant
def disputes_are_followed_once(evidence: Evidence) -> Iterator[Finding]:
    """Each dispute opens once and is decided once, and covers no more refunds than it has given back."""
    for pk, commits in at_rest(evidence):
        said = [entry for commit in commits for entry in entries_of(commit)]
        disputes: dict[str, list[str]] = {}
        for entry in said:
            if entry["type"].startswith("Dispute"):
                disputes.setdefault(entry["dispute"], []).append(entry["type"])
        for types in disputes.values():
            if types not in FOLLOWED:
                yield pk, f"of a dispute it says {', '.join(types)}"
        lost = [name for name, types in disputes.items() if "DisputeLost" in types]
        opened = [each for each in said if each["type"] == "DisputeOpened"]
        amounts = {each["dispute"]: each["amount"]["amount"] for each in opened}
        given, covered = sum(amounts.get(name, 0) for name in lost), _covered(commits)
        if covered > given:
            yield pk, f"banks have given {given} back, and cover {covered}"


@invariant
def receivable_is_as_the_processor_has_it(evidence: Evidence) -> Iterator[Finding]:
    """What the processor owes us for an order is what it has captured less what has gone back."""
    for order_id, payment in evidence.settled("payments", "payment"):
        is_certain = payment["status"] in CERTAIN or order_status(evidence, order_id) in ENDED
        if "moment" in payment and is_certain:
            balances = totals(postings_of(evidence.ledger[f"payment#{order_id}"]))
            ours, intents = balances.get("processor_receivable", 0), evidence.intents_of(order_id)
            theirs = kept_of(intents) - disputed(intents)
            if not ours - sale_refunded(payment, "PENDING") <= theirs <= ours:
                yield order_id, f"our books say that the processor owes {ours}, its own say {theirs}"


@invariant
def the_settlement_has_no_gap(evidence: Evidence) -> Iterator[Finding]:
    """Each window of the settlement begins where the one before has ended, so no fee is posted twice."""
    for pk, commits in at_rest(evidence):
        if not pk.startswith("settlement#"):
            continue
        until = ""
        for entry in (entry for commit in commits for entry in entries_of(commit)):
            if until and entry["since"] != until:
                yield pk, f"a window ends at {until}, and the next begins at {entry['since']}"
            until = entry["until"]


def _covered(commits: Sequence[Item]) -> int:
    covers = [
        each for commit in commits for each in entries_of(commit) if each["type"] == "SaleRefundCovered"
    ]
    return sum(posting["amount"] for cover in covers for posting in cover.get("postings", ()))
