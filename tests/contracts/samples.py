"""The samples: each is a published event in its full envelope, as its producer wrote it when it was new."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from kernel.events import Envelope

FOLDER = Path(__file__).parent / "samples"


@cache
def text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def names() -> list[str]:
    """`<service>.<Type>.v<version>` of every sample."""
    return sorted(path.name.removesuffix(".json") for path in FOLDER.iterdir())


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(name))
    return found


def envelope(name: str) -> Envelope:
    return Envelope.model_validate_json(text(name))


def of(service: str, kind: str) -> list[str]:
    """The names of an event type's samples, of every version that there ever was."""
    return [name for name in names() if name.startswith(f"{service}.{kind}.v")]
