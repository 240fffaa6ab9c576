"""AWS clients that can only reach this machine's emulator, whatever the caller's AWS set-up is."""

import os
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

from localstack.machine import environment

# Each setting: no variable of the config file, no environment variable, and this default.
IGNORE_CALLER = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
SETTINGS = Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
Keys = tuple[str, str, str | None]


@cache
def _session() -> botocore.session.Session:
    """One session for all clients: it caches the services' models, which are slow to read."""
    return botocore.session.Session(session_vars=IGNORE_CALLER)


def client(service: str, endpoint: str, keys: Keys = ("test", "test", None)) -> Any:
    """A client with the given access key, secret and session token. Raises NotLoopback."""
    access, secret, token = keys
    return _session().create_client(
        service,
        region_name=environment.REGION,
        endpoint_url=environment.loopback(endpoint),
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=SETTINGS,
    )
