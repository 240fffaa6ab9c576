"""HTTP from the processor to a merchant's webhook: one signed request, within a time-out."""

from collections.abc import Mapping
from functools import cache

import urllib3

TIMEOUT = urllib3.Timeout(connect=2, read=8)


def post(url: str, body: bytes, *, headers: Mapping[str, str]) -> bool:
    """Sends the body once, and says whether it was taken. Redirects are not followed."""
    try:
        return 200 <= _connections().request("POST", url, body=body, headers=headers).status < 300
    except urllib3.exceptions.HTTPError:
        return False


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=TIMEOUT, retries=False)
