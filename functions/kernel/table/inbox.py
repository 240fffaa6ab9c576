"""The inbox: remembers in the effect's own transaction that a message has had its effect."""

from kernel import identity
from kernel.table.writes import Write


def once(consumer: str, message: str, *, fingerprint: str = "") -> Write:
    """A write that holds only the first time `consumer` sees `message`; it never expires.

    Put it in the transaction of the effect. When it does not hold, the item found carries the
    `fingerprint` of the first time, so that a reused key can be told from a repeated one.
    """
    return Write(
        key={"pk": f"inbox#{consumer}#{message}", "sk": "inbox"},
        sets={"fingerprint": fingerprint, "seen_at": identity.now().isoformat()},
        condition="attribute_not_exists(#pk)",
    )
