"""Owns the environment of every child process: nothing of the caller's AWS set-up, and only this machine.

A profile, a credential, a proxy or an endpoint inherited from the shell could send a local command to a real
account. So a child inherits a short list of harmless variables, and every other variable is set here.
`python -m localstack.machine.environment COMMAND ...` runs a command in that environment.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]
LOCAL = REPOSITORY / ".local"
HOME = LOCAL / "home"  # for the tools that keep caches
REGION = "us-east-1"
ACCOUNT = "000000000000"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLUMNS", "LINES", "NO_COLOR", "SYSTEMROOT")


class NotLoopback(SystemExit):
    """An endpoint that is not on this machine."""


def loopback(endpoint: str) -> str:
    """The endpoint, without a trailing slash. Raises NotLoopback unless it is http on this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.username is not None:
        raise NotLoopback(f"Refused: {endpoint!r} is not on this machine's loopback address.")
    return endpoint.rstrip("/")


def credentials() -> dict[str, str]:
    """Credentials that only an emulator accepts."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(LOOPBACK),
        "no_proxy": ",".join(LOOPBACK),
    }


def _quiet_tools() -> dict[str, str]:
    return {
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "true",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "true",
        "NODE_NO_WARNINGS": "1",
        "PYTHONUTF8": "1",
    }


def child(home: Path, endpoint: str | None = None) -> dict[str, str]:
    """The whole environment of a child process, which keeps its caches and temporary files under `home`."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    made = {"PATH": path, "HOME": str(home), "TMPDIR": str(temporary)}
    where = {"AWS_ENDPOINT_URL": loopback(endpoint)} if endpoint else {}
    return kept | made | credentials() | _quiet_tools() | where


def main(command: list[str]) -> int:
    return subprocess.run(command, env=child(HOME), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
