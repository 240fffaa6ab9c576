"""Seals each field of a profile under the person's data key, by AES-GCM. The only place of ciphers."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel import identity
from kernel.errors import Fault

NONCE = 12  # bytes, as the standard has it


class SealBroken(Fault):
    """A sealed field was changed, or belongs to another person, another field or another key."""


def seal(texts: Mapping[str, str], key: bytes, *, of: str) -> dict[str, str]:
    """The texts of a person, each sealed for its person and its field, under a nonce of its own."""
    return {name: _sealed(text, key, _bound(of, name)) for name, text in texts.items()}


def unseal(sealed: Mapping[str, str], key: bytes, *, of: str) -> dict[str, str]:
    """The texts again. Raises SealBroken."""
    return {name: _opened(text, key, _bound(of, name)) for name, text in sealed.items()}


def _sealed(text: str, key: bytes, bound: bytes) -> str:
    nonce = identity.random_bytes(NONCE)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), bound)).decode()


def _opened(text: str, key: bytes, bound: bytes) -> str:
    content = b64decode(text)
    try:
        return AESGCM(key).decrypt(content[:NONCE], content[NONCE:], bound).decode()
    except InvalidTag:
        raise SealBroken from None


def _bound(person: str, field: str) -> bytes:
    """What a field is sealed together with: copied to another person or field, it opens for nobody."""
    return json.dumps([person, field]).encode()
