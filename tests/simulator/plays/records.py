"""What was run with this very code: kept, so that a long run goes on where it ended, and for the report."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
RECORDS = REPOSITORY / ".local" / "chaos"
JUDGED = ("functions", "contracts", "infrastructure", "ops", "tests/support", "tests/simulator")
SUFFIXES = {".py", ".json", ".toml"}


@cache
def fingerprint() -> str:
    """A hash of everything that what was run depends on."""
    files = [path for place in JUDGED for path in sorted((REPOSITORY / place).rglob("*"))]
    digest = hashlib.sha256()
    for path in files:
        if path.suffix in SUFFIXES:
            digest.update(f"{path.relative_to(REPOSITORY)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def record(kind: str, **what: Any) -> None:
    """Adds a line to what was run; lines of one `name` stand for one thing."""
    path = RECORDS / fingerprint() / f"{kind}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lines:
        lines.write("\n" + json.dumps(what) + "\n")  # first ends a line that a killed run left half written


def recorded(kind: str) -> dict[str, Any]:
    """By name, the last of what was recorded."""
    return {line["name"]: line for line in _lines(RECORDS / fingerprint() / f"{kind}.jsonl")}


def _lines(path: Path) -> Iterator[Any]:
    if path.exists():
        for text in path.read_text().splitlines():
            try:
                yield json.loads(text)
            except ValueError:  # a run that was killed while it wrote
                continue
