"""Mints bearer tokens for this machine's stages from a development key made on first use.

`python -m localstack.machine.tokens CUSTOMER [customer|operator] [SECONDS]`. The private key lives under
`.local/`, readable by its owner only, and is never committed. Only local stages trust it.
"""

import json
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from localstack.machine import environment

ISSUER = "https://settle.localhost"
AUDIENCE = "settle"
KEY_ID = "development"
KEY_FILE = environment.LOCAL / "development-key.pem"
HOUR = 3600


def generate() -> str:
    """A new P-256 private key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, nothing).decode()


@cache
def private_key(file: Path = KEY_FILE) -> str:
    """The development key in PEM, made on first use."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(descriptor, "w") as made:
        made.write(generate())
    return file.read_text()


def key_set(pem: str | None = None) -> str:
    """The public key as a JSON Web Key Set, in one line."""
    key = serialization.load_pem_private_key((pem or private_key()).encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    public = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    return json.dumps(
        {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "ES256"}]}, separators=(",", ":")
    )


def claims(customer_id: str, role: str = "customer", lifetime: int = HOUR) -> dict[str, Any]:
    """A token's claims. `lifetime` is in seconds; a negative one makes a token that has expired."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": customer_id,
        "role": role,
        "iat": now,
        "exp": now + lifetime,
    }


def mint(customer_id: str, role: str = "customer", lifetime: int = HOUR, *, pem: str | None = None) -> str:
    """A signed token. No stage trusts a token that another `pem` has signed."""
    body = claims(customer_id, role, lifetime)
    return jwt.encode(body, pem or private_key(), algorithm="ES256", headers={"kid": KEY_ID})


def main(customer_id: str, role: str = "customer", lifetime: str = str(HOUR)) -> None:
    print(mint(customer_id, role, int(lifetime)))


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        raise SystemExit("usage: python -m localstack.machine.tokens CUSTOMER [customer|operator] [SECONDS]")
    main(*sys.argv[1:])
