"""Prints what Settle costs, and writes it into `contracts/cost.json` and the README: `make cost`."""

import sys
import tempfile
from pathlib import Path

from contracts.current import ROOT
from tests.infrastructure.synthesis import once
from tests.simulator.cost.deployment import deployment
from tests.simulator.cost.report import COMMITTED, report, text
from tests.simulator.cost.tables import printed, readme

README = ROOT / "README.md"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        assembly = once(Path(folder), "cloud")
        if assembly.code:
            print(assembly.said, file=sys.stderr)
            return assembly.code
        found = report(deployment(assembly))
    print(printed(found))
    written = {COMMITTED: text(found), README: readme(found, README.read_text())}
    for path, content in written.items():
        if not path.exists() or path.read_text() != content:
            path.write_text(content)
            print(f"Written: {path.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
