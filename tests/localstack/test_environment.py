"""Child processes see nothing of the caller's AWS set-up, and local commands stay on this machine."""

import os
from pathlib import Path

import botocore.exceptions
import pytest

from localstack.machine import aws, environment

OUTSIDE = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-central-1.amazonaws.com",
    "AWS_CONFIG_FILE": "elsewhere/config",
    "HTTPS_PROXY": "http://proxy:3128",
    "http_proxy": "http://proxy:3128",
    "CDK_DEFAULT_ACCOUNT": "123456789012",
    "PYTHONPATH": "/somewhere",
    "LANG": "C.UTF-8",
}


def test_a_child_inherits_no_profile_credential_endpoint_or_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OUTSIDE.items():
        monkeypatch.setenv(name, value)
    seen = environment.child(tmp_path, "http://127.0.0.1:4566")
    inherited = {name for name, value in OUTSIDE.items() if seen.get(name) == value}
    assert inherited == {"LANG"}
    assert {name for name in seen if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
    }
    assert (seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]) == (os.devnull, os.devnull)
    assert "127.0.0.1" in seen["NO_PROXY"].split(",")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:4566"])
def test_an_endpoint_on_this_machine_is_accepted(endpoint: str) -> None:
    assert environment.loopback(endpoint) == endpoint.rstrip("/")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://dynamodb.us-east-1.amazonaws.com",
        "http://10.0.0.7:4566",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "http://user@127.0.0.1",
        "https://127.0.0.1:4566",
        "127.0.0.1:4566",
        "",
    ],
)
def test_an_endpoint_elsewhere_is_refused(endpoint: str) -> None:
    with pytest.raises(environment.NotLoopback, match="loopback"):
        environment.loopback(endpoint)


def test_a_client_ignores_the_callers_profile_and_reaches_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    client = aws.client("dynamodb", "http://127.0.0.1:9")
    assert client.meta.endpoint_url == "http://127.0.0.1:9"
    with pytest.raises(environment.NotLoopback):
        aws.client("dynamodb", "https://dynamodb.us-east-1.amazonaws.com")
    with pytest.raises(botocore.exceptions.EndpointConnectionError, match=r"127\.0\.0\.1:9"):
        client.list_tables()
