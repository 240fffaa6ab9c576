"""The processor over HTTP, for the bearer of the secret only: every route behind one handler."""

from acquirer import endpoints, payment_intents, refunds
from acquirer.wire import api

# Each of them declares its routes.
ROUTES = (payment_intents, refunds, endpoints)

handler = api
