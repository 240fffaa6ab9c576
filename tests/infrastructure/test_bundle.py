"""The packages that ship: what is locked, what is kept, and what makes them."""

from pathlib import Path

from infrastructure.packaging import bundle


def test_what_ships_is_pinned_with_its_hashes() -> None:
    lines = bundle.pinned("aarch64").splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert all("==" in line for line in heads)
    assert all("--hash=sha256:" in line for line in lines if line.startswith(" "))
    assert len(lines) > 2 * len(heads)


def test_what_ships_is_what_functions_need_and_nothing_of_the_workshop() -> None:
    names = {line.partition("==")[0] for line in bundle.pinned("x86_64").splitlines() if "==" in line}
    assert {"aws-lambda-powertools", "boto3", "botocore", "pydantic", "pyjwt", "cryptography"} <= names
    assert {"pydantic-core", "cffi", "jmespath", "urllib3", "s3transfer"} <= names
    assert not names & {"aws-cdk-lib", "ministack", "moto", "pytest", "ruff", "mypy", "boto3-stubs"}


def test_models_are_kept_for_the_services_that_functions_call() -> None:
    assert bundle.used_services() == {
        "dynamodb",
        "events",
        "stepfunctions",
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
