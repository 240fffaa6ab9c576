"""Gives deployed functions the sources as they are now, without a deployment.

A reload replaces the packages of the service and of the kernel in the code of its functions, and ends their
processes: the next invocation runs the new sources. Nothing else of a function changes. CloudFormation does
not know of a reload, so once a change is taken back it would find nothing to deploy. So the reloaded services
are noted in the emulator's state directory, and the next deployment reloads them again.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from contracts.current import COMMITTED, declared
from infrastructure.packaging.sources import copy_packages
from localstack.machine import aws, environment

IMPORT = """
import importlib, sys
for handler in sys.argv[1:]:
    module, _, name = handler.rpartition(".")
    getattr(importlib.import_module(module), name)
"""


class DoesNotLoad(SystemExit):
    """A handler cannot be imported from the sources; the message says where and why."""


@dataclass(frozen=True)
class DeployedFunction:
    """A deployed function, by its name in the emulator."""

    name: str
    service: str
    handler: str


def deployed(endpoint: str) -> list[DeployedFunction]:
    """Settle's functions, by service."""
    pages = aws.client("lambda", endpoint).get_paginator("list_functions").paginate()
    found = (
        DeployedFunction(each["FunctionName"], service, each["Handler"])
        for page in pages
        for each in page["Functions"]
        if (service := each.get("Environment", {}).get("Variables", {}).get("SERVICE"))
    )
    return sorted(found, key=lambda function: (function.service, function.name))


def noted(state: Path) -> set[str]:
    """The services that were reloaded since the last deployment."""
    note = _note(state)
    return set(json.loads(note.read_text())) if note.exists() else set()


def reload(functions: Collection[DeployedFunction], endpoint: str, state: Path) -> None:
    """Makes the functions run the sources as they are now. Raises DoesNotLoad, and then changes nothing."""
    services = {function.service for function in functions}
    with tempfile.TemporaryDirectory() as scratch:
        sources = Path(scratch)
        _copy({*services, "kernel"}, sources)
        _check(functions, sources)
        _note(state).write_text(json.dumps(sorted(noted(state) | services)))
        _replace(functions, sources, aws.client("lambda", endpoint))


def reload_noted(endpoint: str, state: Path) -> None:
    """After a deployment: reloads every noted service from the sources, and removes the note."""
    if services := noted(state):
        functions = [function for function in deployed(endpoint) if function.service in services]
        reload(functions, endpoint, state)
        _note(state).unlink()


def declares_anew() -> bool:
    """Whether the declarations in the sources differ from those in contracts/manifest.json.

    Sources that were broken a moment ago declare nothing anew: the next reload says what is wrong with them.
    """
    try:
        return declared(environment.child(environment.HOME), quietly=True) != COMMITTED.read_text()
    except subprocess.CalledProcessError:
        return False


def _note(state: Path) -> Path:
    return state / "reloaded.json"


def _copy(packages: set[str], sources: Path) -> None:
    try:
        copy_packages(packages, environment.REPOSITORY / "functions", into=sources)
    except OSError as error:  # a file or a package went away while it was copied
        raise DoesNotLoad(f"the sources cannot be copied: {error}") from error


def _check(functions: Collection[DeployedFunction], sources: Path) -> None:
    """Imports all handlers in a separate process, as the functions will."""
    seen = environment.child(environment.HOME) | {"PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", IMPORT, *sorted({function.handler for function in functions})]
    ended = subprocess.run(command, cwd=sources, env=seen, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise DoesNotLoad(_told(ended.stderr, sources))


def _told(trace: str, sources: Path) -> str:
    """The last line of a traceback, after the last place in the sources that it names."""
    places = re.findall(rf'File "{re.escape(str(sources))}/(.+)", line (\d+)', trace)
    place = "functions/{}:{}: ".format(*places[-1]) if places else ""
    return place + (trace.strip().splitlines() or ["the process ended without a word"])[-1]


def _replace(functions: Collection[DeployedFunction], sources: Path, client: Any) -> None:
    codes: dict[str, bytes] = {}
    for function in functions:
        if function.service not in codes:
            codes[function.service] = _code(function, sources, client)
        client.update_function_code(FunctionName=function.name, ZipFile=codes[function.service])


def _code(function: DeployedFunction, sources: Path, client: Any) -> bytes:
    address = client.get_function(FunctionName=function.name)["Code"]["Location"]
    environment.loopback(address)
    return repacked(urllib3.request("GET", address).data, sources, packages=(function.service, "kernel"))


def repacked(code: bytes, sources: Path, *, packages: Collection[str]) -> bytes:
    """The zipped code with these packages taken from the sources. Every other file stays."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(code)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename.partition("/")[0] not in packages:
                new.writestr(entry, old.read(entry))
        for path in sorted(path for package in packages for path in (sources / package).rglob("*.*")):
            new.write(path, path.relative_to(sources))
    return made.getvalue()
