"""Builds the third-party packages that ship to Lambda, without Docker, from the hashes of a lock file.

`python -m infrastructure.packaging.bundle` writes build/bundle/<machine>/python, and for what calls the card
processor build/bundle/<machine>-processor/python.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infrastructure.target import BUNDLE, ROOT, host

# Made for Linux, so no line has a marker. Pip would judge a marker by the machine that builds.
LOCK = ROOT / "requirements-functions.txt"
PROCESSOR_LOCK = ROOT / "requirements-processor.txt"
VERSION = "3.13"
# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34.
PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
KEPT = (f".pyenv/versions/{VERSION}*", f".local/share/uv/python/cpython-{VERSION}*")
NEEDLESS = ("*.dist-info", "bin", "__pycache__", "tests", "examples*", "*.pyi", "*.c", "*.pxd")
# Of what stripe and boto3 need: what every function has, and an HTTP client that is not used.
ELSEWHERE = (
    "botocore",
    "jmespath",
    "dateutil",
    "six.py",
    "urllib3",
    "typing_extensions.py",
    "requests",
    "certifi",
    "charset_normalizer",
    "*mypyc*",
    "idna",
)
# Half of stripe, which only a type checker imports; and boto3's resources, of which none is made.
UNREAD = ("stripe/params", "boto3/data")


def build(machine: str, bundle: Path = BUNDLE) -> tuple[Path, Path]:
    """Replaces the packages for one machine (`aarch64` or `x86_64`), trimmed and, if possible, compiled.

    Answers the folder of the packages of all functions, and that of the functions that call the processor.
    """
    bundle.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=bundle) as scratch:
        common, processor = Path(scratch) / "common", Path(scratch) / "processor"
        _install(common, machine, LOCK)
        _install(processor, machine, PROCESSOR_LOCK)
        trim(common, services=used_services())
        trim(processor, services=set())
        trim_stripe_and_boto3(processor)
        made = _moved(common, bundle / machine), _moved(processor, bundle / f"{machine}-processor")
        record(machine, bundle)
        return made


def _moved(made: Path, layer: Path) -> Path:
    """Compiles the packages, and puts them in the place of those that were there."""
    _compile(made)
    shutil.rmtree(layer, ignore_errors=True)
    layer.mkdir()
    return made.rename(layer / "python")


def record(machine: str, bundle: Path) -> None:
    """Notes beside the packages what they were made for, so that `fits` can tell later."""
    (bundle / f"{machine}.made-for").write_text(wanted())


def fits(machine: str, bundle: Path) -> bool:
    """Whether the packages were made from these lock files, for the clients that the sources make now."""
    note = bundle / f"{machine}.made-for"
    return note.is_file() and note.read_text() == wanted()


def wanted() -> str:
    """All that decides the packages: the lock files, Python's version, the AWS services that are called."""
    lock = hashlib.sha256(LOCK.read_bytes() + PROCESSOR_LOCK.read_bytes()).hexdigest()
    return f"{lock}\npython{VERSION}\n{' '.join(sorted(used_services()))}\n"


def used_services() -> set[str]:
    """The AWS services for which functions create a client."""
    sources = (ROOT / "functions").rglob("*.py")
    return {
        name for source in sources for name in re.findall(r'\bconnect\(\s*"([\w-]+)"', source.read_text())
    }


def trim(folder: Path, *, services: set[str]) -> None:
    """Deletes files that no function reads: metadata, tests, and the models of services without a client."""
    for pattern in NEEDLESS:
        for path in sorted(folder.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for model in (folder / "botocore" / "data").glob("*/"):
        if model.is_dir() and model.name not in services:
            shutil.rmtree(model)


def trim_stripe_and_boto3(folder: Path) -> None:
    """Deletes what every function has already, and what nothing would read that calls the processor."""
    for pattern in (*ELSEWHERE, *UNREAD):
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def interpreter() -> str | None:
    """A Python of the target's version that runs here: on the path, or kept by pyenv or uv."""
    found = [sys.executable, shutil.which(f"python{VERSION}")]
    found += [str(path) for kept in KEPT for path in sorted(Path.home().glob(f"{kept}/bin/python{VERSION}"))]
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    return next((python for python in found if python and _said([python, "-c", ask]) == VERSION), None)


def size(folder: Path) -> int:
    """The folder's size in bytes, unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _install(folder: Path, machine: str, lock: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--target", str(folder), "--require-hashes", "--no-deps", "--no-compile", "-r", str(lock)]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={VERSION}"]
    command += [f"--platform={platform}_{machine}" for platform in PLATFORMS]
    subprocess.run(command, check=True)  # noqa: S603


def _compile(folder: Path) -> None:
    """Makes unchecked byte-code: unzipping loses source times, and checked byte-code would be ignored."""
    if python := interpreter():
        command = [python, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"]
        subprocess.run([*command, "-s", folder, "-p", "/opt/python", folder], check=True)  # noqa: S603


def _said(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout.strip() if answer.returncode == 0 else ""


def main() -> None:
    for machine in sorted({"aarch64", host()}):
        for folder in build(machine):
            compiled = any(folder.rglob("*.pyc"))
            how = "byte-code compiled" if compiled else f"not compiled: no python{VERSION} runs here"
            print(f"{folder.relative_to(ROOT)}: {size(folder) / 1e6:.1f} MB, {how}")  # noqa: T201


if __name__ == "__main__":
    main()
