"""A seal: which commits were in the ledger at a moment, chained to the seal before."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from kernel.errors import Fault


class SealMissing(Fault):
    """A seal is missing from the vault."""


class SealChanged(Fault):
    """A seal is not the one that the seal after it names."""


class SealedCommitChanged(Fault):
    """A commit that was sealed is gone from the ledger, or is not what it was."""


class Sealed(NamedTuple):
    """A commit by its item's key, and the digest that it had when it was sealed."""

    pk: str
    sk: str
    digest: str


@dataclass(frozen=True)
class Seal:
    """The `number`th seal, from 1: the commits that no seal before has. Times are RFC 3339, UTC.

    `until` is the time up to which the sealer has looked. `previous` is the digest of the seal before, and
    empty in the first seal.
    """

    number: int
    sealed_at: str
    until: str
    previous: str
    commits: Sequence[Sealed]

    def digest(self) -> str:
        """The hash over all that the seal says (SHA-256, hex)."""
        said = json.dumps([*asdict(self).values()], separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


def following(last: Seal | None, commits: Sequence[Sealed], *, sealed_at: str, until: str) -> Seal:
    """The seal after the last. Its time never precedes that of the seal before."""
    if last is None:
        return Seal(1, sealed_at, until, "", tuple(commits))
    return Seal(last.number + 1, max(sealed_at, last.sealed_at), until, last.digest(), tuple(commits))
