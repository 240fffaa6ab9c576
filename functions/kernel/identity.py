"""The only clock, the only source of ids and of chance, the only pause: a test can control them all."""

import hashlib
import hmac
import json
import os
import time
import uuid
from datetime import UTC, datetime

# The digits of a concealed id become letters: with digits, some ids would pass for a card number.
WITHOUT_DIGITS = str.maketrans("0123456789", "ghijklmnop")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://settle.example/ids")


def now() -> datetime:
    return datetime.now(UTC)


def derive(*parts: str | int) -> str:
    """The id that follows from `parts`: the same parts give the same id for ever.

    The parts are hashed as a JSON list, so ("a", "bc") and ("ab", "c") differ.
    """
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts)))


def conceal(secret: str, *parts: str) -> str:
    """The id that follows from `parts` for whoever has the secret: 36 letters of 144 bits.

    Without the secret, nobody learns the parts from the id, or finds them by trying likely ones.
    """
    digest = hmac.digest(secret.encode(), json.dumps(parts).encode(), hashlib.sha256)
    return digest[:18].hex().translate(WITHOUT_DIGITS)


def random_bytes(count: int) -> bytes:
    """Bytes that nobody can foresee, for cryptography."""
    return os.urandom(count)


def pause(seconds: float) -> None:
    time.sleep(seconds)
