"""Tries to read a table from inside a throwaway Lambda function that has a service's own role.

The function is created for this and deleted afterwards. IAM decides as it would for the service itself.
"""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from localstack.machine import aws, environment

NAME = "settle-isolation-probe"
PROBE = """
import boto3
import botocore.exceptions

def handler(event, context):
    try:
        boto3.client("dynamodb").get_item(TableName=event["table"], Key={"pk": {"S": "-"}, "sk": {"S": "-"}})
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""


def _package() -> bytes:
    loop = (environment.REPOSITORY / "localstack" / "machine" / "runtime.py").read_text()
    bootstrap = f'#!/bin/sh\nexec "{sys.executable}" "$(dirname "$0")/runtime.py" "$_HANDLER"\n'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in {"bootstrap": bootstrap, "runtime.py": loop, "probe.py": PROBE}.items():
            archive.writestr(name, text)
    return packed.getvalue()


class Probe:
    """A running throwaway function: `read` answers "allowed" or the error code of the refusal."""

    def __init__(self, functions: Any) -> None:
        self._functions = functions

    def read(self, table: str) -> str:
        called = self._functions.invoke(FunctionName=NAME, Payload=json.dumps({"table": table}))
        return str(json.loads(called["Payload"].read()))


@contextmanager
def probe(endpoint: str, role: str) -> Iterator[Probe]:
    """The throwaway function with this role (an ARN), gone when the block ends."""
    functions = aws.client("lambda", endpoint)
    functions.create_function(
        FunctionName=NAME,
        Runtime="provided.al2023",
        Role=role,
        Handler="probe.handler",
        Timeout=30,
        Code={"ZipFile": _package()},
    )
    try:
        yield Probe(functions)
    finally:
        functions.delete_function(FunctionName=NAME)
