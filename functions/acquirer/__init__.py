"""The sandbox card processor. It keeps its own account of money, and trusts nobody.

Owns: payment intents, refunds, disputes, the balance; each request once per Idempotency-Key for a day.
Emits: nothing on the bus; signed webhooks about what happens later, to endpoints that were registered.
Reacts to: nothing.
Accepts: the part of Stripe's HTTP API that payments uses, from whoever knows the bearer secret; test methods
such as `pm_decline`.
"""
