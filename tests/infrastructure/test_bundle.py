"""The packages that ship: which files are kept, and for which AWS services."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import s3transfer
import stripe

from infrastructure.packaging import bundle
from infrastructure.target import ROOT


def test_models_are_kept_for_the_services_that_functions_call() -> None:
    assert bundle.used_services() == {
        "dynamodb",
        "events",
        "stepfunctions",
        "kms",
        "lambda",
        "secretsmanager",
        "sqs",
    }


def test_trimming_keeps_code_and_used_models_and_drops_the_rest(tmp_path: Path) -> None:
    for file in (
        "boto3/session.py",
        "boto3/tests/test_session.py",
        "boto3/examples/cloudfront.rst",
        "boto3-1.0.dist-info/RECORD",
        "botocore/data/endpoints.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "botocore/data/dynamodb/2012-08-10/examples-1.json",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "bin/jp.py",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    bundle.trim(tmp_path, services={"dynamodb"})
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {
        "boto3/session.py",
        "botocore/data/endpoints.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
    }


# Every call of the adapter, on nothing but the packages that a function has that calls the processor.
EVERY_CALL = """
import json, sys
from datetime import UTC, datetime
from types import SimpleNamespace

assert not {"requests", "certifi"} & {*sys.modules}
from kernel.money import Money
from payments import transport
from payments.adapters import provider

asked = []

def request(method, url, *, body, headers):
    asked.append((method, url))
    said = {"object": "list", "data": [], "has_more": False, "secret": "s", "id": "x", "url": "u"}
    said |= {"status": "succeeded", "amount": 50, "currency": "eur", "customer": None}
    return SimpleNamespace(status=200, data=json.dumps(said).encode(), headers={})

transport.secret = lambda: "of a test"
transport._connections = lambda: SimpleNamespace(request=request)
it, money, now = provider(), Money(50, "EUR"), datetime.now(UTC)
it.create("pm_1", money, reference="o", key="k"), it.confirm("pi_1", key="k"), it.cancel("pi_1")
it.retrieve("pi_1"), it.refund("pi_1", money, refund_id="r", key="k"), it.refunds("pi_1")
it.disputes("pi_1"), it.detach("pm_1"), list(it.transactions(now, now)), it.register_webhook("u")
assert not {"requests", "certifi", "stripe.params", "boto3"} & {*sys.modules}

from payments import circuit
assert circuit.breaker()
assert {"boto3", "s3transfer"} <= {*sys.modules}
print(len(asked))
"""


def test_the_trimmed_packages_of_the_processor_can_make_every_call_and_break_the_circuit(
    tmp_path: Path,
) -> None:
    for package in (stripe, boto3, s3transfer):
        installed = Path(str(package.__file__)).parent
        shutil.copytree(installed, tmp_path / installed.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requests", "certifi", "urllib3", "botocore"):
        (tmp_path / name).mkdir()
    bundle.trim_stripe_and_boto3(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"stripe", "boto3", "s3transfer"}
    assert not (tmp_path / "stripe" / "params").exists()
    assert not (tmp_path / "boto3" / "data").exists()
    common = tmp_path / "common"
    common.mkdir()
    for name in SHARED:
        _link(name, common)
    paths = [tmp_path, common, ROOT / "functions"]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PROCESSOR_URL": "https://a.example"}
    environment |= {"TABLE": "payments", "AWS_DEFAULT_REGION": "eu-west-1"}
    command = [sys.executable, "-S", "-c", EVERY_CALL]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "11\n"), ended.stderr


# What payments imports of the packages that all functions have.
SHARED: tuple[str, ...]
SHARED = ("aws_lambda_powertools", "botocore", "pydantic", "pydantic_core", "urllib3", "typing_extensions")
SHARED += ("typing_inspection", "annotated_types", "jmespath", "dateutil", "six")


def _link(name: str, into: Path) -> None:
    """The installed package or module, and no other that is installed."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    place = origin.parent if origin.name == "__init__.py" else origin
    (into / place.name).symlink_to(place)
