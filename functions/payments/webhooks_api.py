"""The processor's webhooks over HTTP, by a function of their own: only this API calls the processor."""

import base64
import os
from typing import TypedDict

from kernel import identity
from kernel.errors import InvalidRequest
from kernel.triggers.http import REQUEST, Api, Response, answer
from payments import hints, webhooks
from payments.webhooks import UntrustedWebhook

api = handler = Api()

PATH = "/payments/webhooks"


class Taken(TypedDict):
    """The webhook has had its effect, or has none."""

    received: bool


class Listening(TypedDict):
    """Where the processor sends its events from now on."""

    url: str


@api.post(PATH, role=None, answers={200: Taken}, refuses=(UntrustedWebhook,))
def take_webhook() -> Response:
    """Looks at what a signed webhook hints at. An event about nothing of ours is taken, too."""
    signature = api.header("Stripe-Signature")
    hint = webhooks.signed(_raw(), signature, secret=hints.secret(), now=identity.now())
    hints.follow(hint)
    return answer(200, Taken(received=True))


@api.post(f"{PATH}/registration", role="operator", answers={200: Listening})
def register_webhook() -> Response:
    """Has the processor send its events here, in the place of an earlier registration."""
    context = REQUEST.get()["requestContext"]
    root = os.environ["PUBLIC_ADDRESS"].format(api=context["apiId"], stage=context["stage"])
    hints.register(root + PATH)
    return answer(200, Listening(url=root + PATH))


def _raw() -> bytes:
    """The bytes that were sent, since the signature is over these."""
    sent = REQUEST.get()
    text = str(sent.get("body") or "")
    if not sent.get("isBase64Encoded"):
        return text.encode()
    try:
        return base64.b64decode(text)
    except ValueError as error:
        raise InvalidRequest("the body is not in base64") from error
