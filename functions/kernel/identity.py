"""The only clock, the only source of ids and the only pause, so that a test can control all three."""

import json
import time
import uuid
from datetime import UTC, datetime

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://settle.example/ids")


def now() -> datetime:
    return datetime.now(UTC)


def derive(*parts: str | int) -> str:
    """The id that follows from `parts`: the same parts give the same id for ever.

    The parts are hashed as a JSON list, so ("a", "bc") and ("ab", "c") differ.
    """
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts)))


def pause(seconds: float) -> None:
    time.sleep(seconds)
