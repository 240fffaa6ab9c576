"""The use cases of webhooks: the address is registered, and each hint has the processor's books looked at.

A webhook may come twice, late or never, and its content may be old. So it only says where to look.
"""

from kernel import identity
from kernel.money import Money
from payments import adapters, looks, webhook_rows
from payments.differences import Difference, Kind
from payments.provider import ProcessorConfused
from payments.webhooks import Hint, UntrustedWebhook

# Of a payment that cannot be read, neither the amount nor the currency is known.
NO_AMOUNT = Money(0, "XXX")


def register(url: str) -> None:
    """Has the processor send its events to the address. An earlier registration of the address ends."""
    webhook_rows.keep(adapters.provider().register_webhook(url))


def secret() -> str:
    """The secret that signs webhooks. Raises UntrustedWebhook while no address is registered."""
    known = webhook_rows.secret()
    if known is None:
        raise UntrustedWebhook
    return known


def follow(hint: Hint) -> None:
    """Brings our books up to the payment that the hint is about. A hint about none changes nothing.

    A payment that cannot be read is listed, and looked at again by the reconciliation.
    Whether the books of an order agree is judged by the reconciliation, since its saga may be under way.
    """
    if hint.intent_id:
        event = identity.derive("webhook", hint.event_id)
        try:
            difference = looks.at(hint.intent_id, cause=f"webhook/{event}", hint=event)
        except ProcessorConfused:
            difference = Difference(Kind.PAYMENT_UNREADABLE, hint.intent_id, NO_AMOUNT)
        if difference and difference.kind is not Kind.PAYMENT_DIFFERS:
            looks.note(difference)
