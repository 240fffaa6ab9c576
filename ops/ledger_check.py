"""Checks an exported ledger without AWS and without Settle's code: `python -m ops.ledger_check FILE`.

It ends with 0 when all is as it was sealed. Otherwise it ends with 1 and names the first break: a seal that
is missing or changed, a commit that is gone or changed, a stream with a gap. It computes each digest from
its definition. Commits that no seal has yet are checked by their chains. `--head DIGEST` says the newest
seal that somebody has kept elsewhere, so that seals cut from the end are seen, too.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]
SAID = ("pk", "version", "sequence", "entries", "events", "state", "fold", "cause")


def breaks(lines: Iterable[Line], *, head: str = "") -> Iterator[str]:
    """What is broken, in the order of the file."""
    seals, streams = list[Line](), dict[str, list[Line]]()
    for line in lines:
        if line["kind"] == "seal":
            seals.append(line)
        else:
            streams.setdefault(line["pk"], []).append(line)
    yield from _of_seals(seals, head)
    yield from _of_sealed(seals, streams)
    for pk, stream in streams.items():
        yield from _of_stream(pk, stream)


def _of_seals(seals: Sequence[Line], head: str) -> Iterator[str]:
    before = ""
    for number, seal in enumerate(seals, start=1):
        if int(seal["sk"]) != number:
            yield f"seal {number} is missing"
            return
        said = [number, seal["sealed_at"], seal["until"], seal["previous"], json.loads(seal["commits"])]
        if _hash(said) != seal["digest"]:
            yield f"seal {number} is not what its digest says"
        if seal["previous"] != before:
            yield f"seal {number} does not follow on seal {number - 1}"
        before = seal["digest"]
    if head and head not in {seal["digest"] for seal in seals}:
        yield f"no seal has the digest {head}"


def _of_sealed(seals: Sequence[Line], streams: Mapping[str, Sequence[Line]]) -> Iterator[str]:
    stored = {(line["pk"], line["sk"]): _digest(line) for stream in streams.values() for line in stream}
    for seal in seals:
        for pk, sk, digest in json.loads(seal["commits"]):
            if pk not in streams:
                yield f"{pk} is gone, the whole stream: seal {int(seal['sk'])} has its {sk}"
            elif stored.get((pk, sk)) != digest:
                how = "changed" if (pk, sk) in stored else "gone"
                yield f"{pk}: {sk} is {how} since seal {int(seal['sk'])}"


def _of_stream(pk: str, stream: Sequence[Line]) -> Iterator[str]:
    after, time = "", ""
    for version, line in enumerate(stream, start=1):
        if line["kind"] == "record":
            continue  # of the release before the ledger
        recorded_at, _, digest = line["moment"].partition("#")
        if line["version"] != version:
            yield f"{pk}: commit {version} is gone"
            return
        times = [recorded_at, line.get("effective_at", recorded_at)]
        if _hash([after, *(line[name] for name in SAID), *times]) != digest:
            yield f"{pk}: commit {version} is not what its digest says"
        if recorded_at < time:
            yield f"{pk}: commit {version} was recorded before the commit before it"
        after, time = digest, recorded_at


def _digest(line: Line) -> str:
    return str(line.get("moment", "")).partition("#")[2]


def _hash(said: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.ledger_check", description="Checks an export.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", default="", help="the digest of a seal that must be there")
    asked = parser.parse_args(arguments)
    try:
        lines = [json.loads(line) for line in asked.file.read_text(encoding="utf-8").splitlines()]
        broken = next(breaks(lines, head=asked.head), "")
    except (OSError, ValueError, KeyError, TypeError) as error:
        lines, broken = [], f"the file cannot be read: {type(error).__name__}"
    newest = next((line["digest"] for line in reversed(lines) if line["kind"] == "seal"), "none")
    print(f"Broken: {broken}." if broken else f"{len(lines)} lines, nothing is broken. Newest seal: {newest}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
