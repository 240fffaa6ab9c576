"""The inbox: remembers that a message had its effect, in the same transaction as the effect."""

from kernel import identity
from kernel.table.writes import Write


def once(consumer: str, message: str, *, fingerprint: str = "") -> Write:
    """A write whose condition holds only the first time that `consumer` sees `message`. It never expires.

    Put the write into the transaction of the effect. When its condition does not hold, the item found has
    the `fingerprint` of the first time. A repeated request has the same fingerprint, a reused key another.
    """
    return Write(
        key={"pk": f"inbox#{consumer}#{message}", "sk": "inbox"},
        sets={"fingerprint": fingerprint, "seen_at": identity.now().isoformat()},
        condition="attribute_not_exists(#pk)",
    )
