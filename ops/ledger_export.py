"""Writes the ledger of a deployed stack to a file, which is checked without AWS: `make ledger-export`.

`python -m ops.ledger_export FILE` writes a JSON line for each seal, and for each commit in the order of its
stream. The vault is read first: each commit that a seal names is then found. No line holds a payment method.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ops.deployment import Deployment, here
from ops.evidence import STREAMS, Item

# What a digest covers, and the key by which a seal names the commit.
COMMIT = ("pk", "sk", "version", "sequence", "entries", "events", "state", "fold", "cause", "moment")
LATER = ("effective_at",)
SEAL = ("sk", "sealed_at", "until", "previous", "digest", "commits")


def lines(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """The lines of the file: the seals in order, then the commits of each stream in order."""
    vault = deployment.outputs("VaultName")["payments"]
    for seal in sorted(deployment.scan(vault), key=lambda item: str(item["sk"])):
        yield {"kind": "seal", **{name: seal[name] for name in SEAL}}
    found = [item for item in deployment.scan(deployment.tables()["payments"]) if _is_of_a_stream(item)]
    for item in sorted(found, key=lambda item: (item["pk"], item["sk"])):
        yield _commit(item) if "moment" in item else _record(item)


def _is_of_a_stream(item: Item) -> bool:
    return item["pk"].partition("#")[0] in STREAMS


def _commit(item: Item) -> dict[str, Any]:
    later = {name: item[name] for name in LATER if name in item}
    return {"kind": "commit", **{name: item[name] for name in COMMIT}, **later}


def _record(item: Item) -> dict[str, Any]:
    """A record of the release before the ledger, which no digest covers: only that it is there."""
    return {"kind": "record", "pk": item["pk"], "sk": item["sk"]}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make ledger-export", description="Writes the ledger to a file.")
    parser.add_argument("file", type=Path)
    file = parser.parse_args(arguments).file
    deployment, count = here(), 0
    with file.open("w", encoding="utf-8") as out:
        for line in lines(deployment):
            out.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            count += 1
    print(f"{count} lines of {deployment.name} in {file}. Check them: python -m ops.ledger_check {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
