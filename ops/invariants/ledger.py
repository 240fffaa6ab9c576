"""The ledger: whole streams, chained commits, postings by the chart, and seals that cover all of it.

What follows from a commit is computed here once more, on purpose: rules that ran the code of payments would
never see its mistakes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ops.evidence import Evidence, Item
from ops.invariants.money import ended, sale_refunded
from ops.invariants.registry import Finding, invariant

# 1: a debit raises the account. -1: a credit raises the account.
NORMAL: Mapping[str, int] = {
    "order": -1,
    "wallet": -1,
    "revenue": -1,
    "processor_receivable": 1,
    "processor_fees": 1,
    "refunds": 1,
    "disputes_held": 1,
    "dispute_fees": 1,
    "dispute_loss": 1,
    "goodwill": 1,
    "bank": 1,
}
OWN = {"payment": "order", "wallet": "wallet"}
COVERED_WITHIN = timedelta(minutes=2)
ENDED = ("CONFIRMED", "CANCELLED")
HOLDS = (["Held"], ["Held", "HoldPosted"], ["Held", "HoldVoided"])
SAID = ("version", "sequence", "entries", "events", "state", "fold", "cause")


@invariant
def streams_are_whole(evidence: Evidence) -> Iterator[Finding]:
    """A stream's commits are numbered from 1 without gaps, count its events, and never expire."""
    for pk, commits in at_rest(evidence):
        versions = [commit["version"] if "moment" in commit else 1 for commit in commits]
        if versions != list(range(1, len(commits) + 1)):
            yield pk, f"its commits are numbered {versions}"
        counts = [0, *(commit["sequence"] for commit in commits)]
        for before, after, commit in zip(counts, counts[1:], commits, strict=False):
            if "moment" in commit and after - before != len(commit["events"]):
                yield pk, f"commit {commit['version']} does not count its events"
        if any("expires_at" in commit for commit in commits):
            yield pk, "a commit expires"


@invariant
def commits_are_chained(evidence: Evidence) -> Iterator[Finding]:
    """Each commit has the digest of all that it says and of the commit before, and no earlier time."""
    for pk, commits in at_rest(evidence):
        digest, time = "", ""
        for commit in commits:
            if "moment" not in commit:
                continue
            recorded_at, _, stored = commit["moment"].partition("#")
            wanted = digest_of(pk, commit, after=digest)
            if stored != wanted:
                yield pk, f"commit {commit['version']} is not what its digest says"
            if recorded_at < time:
                yield pk, f"commit {commit['version']} was recorded before the commit before it"
            digest, time = stored, recorded_at


def digest_of(pk: str, commit: Item, *, after: str) -> str:
    """The digest that a commit must have behind a commit with the digest `after`."""
    recorded_at = commit["moment"].partition("#")[0]
    times = [recorded_at, commit.get("effective_at", recorded_at)]
    said = json.dumps([after, pk, *(commit[name] for name in SAID), *times], separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


@invariant
def postings_follow_the_chart(evidence: Evidence) -> Iterator[Finding]:
    """Each posting moves an amount above zero between two different accounts of the chart."""
    for pk, commits in evidence.ledger.items():
        for posting in postings_of(commits):
            accounts = {posting["debit"], posting["credit"]}
            if not accounts <= NORMAL.keys() or len(accounts) < 2 or posting["amount"] <= 0:
                yield pk, f"it posts {posting['amount']} from {posting['credit']} to {posting['debit']}"


@invariant
def no_account_falls_below_its_floor(evidence: Evidence) -> Iterator[Finding]:
    """No order and no wallet is ever overdrawn, and each stored state has the sums of the postings."""
    for pk, commits in at_rest(evidence):
        account, balances = OWN.get(pk.partition("#")[0], ""), dict[str, int]()
        for commit in commits:
            for posting in moves_of(commit):
                currency = posting.get("currency", commit.get("currency"))
                balances[currency] = balances.get(currency, 0) + moved(account, posting)
                if balances[currency] < 0:
                    yield pk, f"its account is overdrawn by {-balances[currency]}"
            if "moment" in commit and stored_balances(commit) != nonzero(balances):
                yield pk, f"commit {commit['version']} stores other balances than {balances}"


@invariant
def what_is_held_is_resolved_once(evidence: Evidence) -> Iterator[Finding]:
    """A wallet holds money for an order once. It is then the order's, and may go back, or free again."""
    for pk, commits in at_rest(evidence):
        said: dict[str, list[str]] = {}
        for entry in (entry for commit in commits for entry in entries_of(commit)):
            if pk.startswith("wallet#") and "order_id" in entry:
                said.setdefault(entry["order_id"], []).append(entry["type"])
        for order_id, types in said.items():
            held = [kind for kind in types if kind != "GivenBack"]
            if held not in HOLDS or types[: len(held)] != held or (types != held and held != HOLDS[1]):
                yield pk, f"of the order {order_id} it says {', '.join(types)}"
            is_over = not evidence.moves(order_id) and order_status(evidence, order_id) in ENDED
            if types == HOLDS[0] and is_over:
                yield pk, f"it holds money for the order {order_id}, which has ended"


@invariant
def wallets_mirror_the_orders(evidence: Evidence) -> Iterator[Finding]:
    """What orders have posted to a wallet is what the wallet's own commits say."""
    theirs, ours = dict[str, int](), dict[str, int]()
    for pk, commits in evidence.ledger.items():
        kind, _, id = pk.partition("#")
        if kind == "wallet":
            ours[id] = sum(moved("wallet", posting) for posting in mirrors_of(commits))
        if kind != "payment":
            continue
        owner = evidence.records("payments", "payment")[id].get("customer_id", "")
        theirs[owner] = theirs.get(owner, 0) + sum(moved("wallet", each) for each in postings_of(commits))
    for owner in sorted({*theirs, *ours}):
        if theirs.get(owner, 0) != ours.get(owner, 0) and not evidence.moves(f"wallet/{owner}"):
            yield f"wallet/{owner}", f"orders posted {theirs.get(owner, 0)}, the wallet {ours.get(owner, 0)}"


@invariant
def an_ended_order_holds_no_money(evidence: Evidence) -> Iterator[Finding]:
    """An order that has ended holds what it still owes of refunds, and is revenue if it is CONFIRMED."""
    for order_id, payment in evidence.settled("payments", "payment"):
        order = evidence.orders.get(order_id, {})
        status = order.get("status")
        if status in ENDED and "moment" in payment:
            balances = totals(postings_of(evidence.ledger[f"payment#{order_id}"]))
            wanted = order["total"]["amount"] if status == "CONFIRMED" else 0
            owed = sum(sale_refunded(payment, progress) for progress in ("PENDING", "FAILED"))
            owed -= ended(payment)
            if (balances.get("order", 0), balances.get("revenue", 0)) != (owed, wanted):
                yield order_id, f"is {status}, and its accounts are {balances}"


@invariant
def seals_are_chained(evidence: Evidence) -> Iterator[Finding]:
    """Seals are numbered from 1 without gaps, and each has the digest of the seal before."""
    digest = ""
    for number, seal in enumerate(evidence.seals, start=1):
        said = [int(seal["sk"]), seal["sealed_at"], seal["until"], seal["previous"], _sealed(seal)]
        wanted = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
        if int(seal["sk"]) != number:
            yield f"seal {number}", "it is missing"
            return
        if seal["previous"] != digest or seal["digest"] != wanted:
            yield f"seal {number}", "it is not what its digest, or the seal after it, says"
        digest = seal["digest"]


@invariant
def seals_cover_the_ledger(evidence: Evidence) -> Iterator[Finding]:
    """Each commit older than two minutes has one seal, and what was sealed stands in the ledger unchanged."""
    by = (evidence.at - COVERED_WITHIN).isoformat(timespec="microseconds")
    stored = {
        (pk, commit["sk"]): commit["moment"].partition("#")
        for pk, commits in evidence.ledger.items()
        for commit in commits
        if "moment" in commit
    }
    sealed = [each for seal in evidence.seals for each in _sealed(seal)]
    for pk, sk, digest in sealed:
        if stored.get((pk, sk), ("", "", ""))[2] != digest:
            yield pk, f"{sk} was sealed, and is {'changed' if (pk, sk) in stored else 'gone'}"
    known = [(pk, sk) for pk, sk, _ in sealed]
    if len(known) > len({*known}):
        yield "the vault", "a commit was sealed twice"
    for (pk, sk), (recorded_at, _, _) in stored.items():
        if recorded_at < by and (pk, sk) not in {*known}:
            yield pk, f"{sk} has no seal"


def _sealed(seal: Item) -> list[list[str]]:
    found: list[list[str]] = json.loads(seal["commits"])
    return found


def stored_balances(commit: Item) -> dict[str, int]:
    """The balances in the state that the commit stores, by currency."""
    state = json.loads(commit["state"])
    if "balances" not in state:
        currency = state.get("charge", {}).get("amount", {}).get("currency")
        return {currency: state.get("held", 0)} if "held" in state else {}
    return nonzero({name: balance.get("posted", 0) for name, balance in state["balances"].items()})


def at_rest(evidence: Evidence) -> Iterator[tuple[str, Sequence[Item]]]:
    """The streams that were not written to while they were read, by partition key.

    A scan may pass the place of a commit before the commit is there, and then find the commit after it.
    """
    for pk, commits in evidence.ledger.items():
        kind, _, id = pk.partition("#")
        if not evidence.moves(id if kind == "payment" else f"{kind}/{id}"):
            yield pk, commits


def order_status(evidence: Evidence, order_id: str) -> str:
    return str(evidence.orders.get(order_id, {}).get("status", ""))


def nonzero(balances: Mapping[str, int]) -> dict[str, int]:
    return {name: balance for name, balance in balances.items() if balance}


def entries_of(commit: Item) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(commit["entries"]) if "moment" in commit else []
    return found


def moves_of(commit: Item) -> list[Mapping[str, Any]]:
    """The postings and mirrors of the commit, in the order of its entries."""
    parts = ([*one.get("postings", ()), *one.get("mirror", ())] for one in entries_of(commit))
    return [one for part in parts for one in part] if "moment" in commit else postings_of([commit])


def mirrors_of(commits: Iterable[Item]) -> list[Mapping[str, Any]]:
    """The postings that wallets repeat of orders."""
    return [each for commit in commits for entry in entries_of(commit) for each in entry.get("mirror", ())]


def postings_of(commits: Iterable[Item]) -> list[Mapping[str, Any]]:
    """All postings of the commits, in order. What the release before the ledger kept has one, if any."""
    return [posting for commit in commits for posting in _postings(commit)]


def _postings(commit: Item) -> Sequence[Mapping[str, Any]]:
    if "moment" in commit:
        return [posting for entry in entries_of(commit) for posting in entry.get("postings", ())]
    status = commit.get("status_before", commit["status"])
    if status not in ("CAPTURED", "REFUNDING"):
        return []
    return [{"debit": "processor_receivable", "credit": "order", "amount": commit["amount"]}]


def totals(postings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The balance of each account that the postings touch, on its normal side."""
    found: dict[str, int] = {}
    for posting in postings:
        for account in (posting["debit"], posting["credit"]):
            found[account] = found.get(account, 0) + moved(account, posting)
    return found


def moved(account: str, posting: Mapping[str, Any]) -> int:
    """By how much the posting raises the account's balance."""
    side = (posting["debit"] == account) - (posting["credit"] == account)
    return int(side * NORMAL.get(account, 1) * posting["amount"])
