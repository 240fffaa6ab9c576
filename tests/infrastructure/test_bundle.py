"""The packages that ship: which files are kept, and for which AWS services."""

from pathlib import Path

from infrastructure.packaging import bundle


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
