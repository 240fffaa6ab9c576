"""Writes the manifest, and the tables of the services' READMEs, from the declarations in `functions/`.

`python -m contracts` writes both. `python -m contracts print` prints the manifest and changes nothing.
"""

import sys
from pathlib import Path

from contracts import declarations, tables
from contracts.current import COMMITTED, ROOT

FUNCTIONS = ROOT / "functions"


def main(arguments: list[str]) -> int:
    text = declarations.text(FUNCTIONS)
    if arguments == ["print"]:
        sys.stdout.write(text)
        return 0
    written = [path for path, content in tables.readmes(FUNCTIONS, text).items() if _write(path, content)]
    written += [COMMITTED] if _write(COMMITTED, text) else []
    names = ", ".join(str(path.relative_to(ROOT)) for path in written)
    sys.stdout.write(f"Written: {names}.\n" if names else "Everything fits the declarations already.\n")
    return 0


def _write(path: Path, content: str) -> bool:
    """Writes the file if its content differs, and says whether it did."""
    if path.exists() and path.read_text() == content:
        return False
    path.write_text(content)
    return True


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
