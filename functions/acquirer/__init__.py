"""The sandbox card processor: an account of money of its own, which trusts nobody.

Owns: payment intents (created, confirmed, cancelled) and refunds, each once per Idempotency-Key.
Emits: nothing; whoever wants to know asks.
Reacts to: nothing.
Accepts: Stripe-shaped HTTP from whoever knows the bearer secret; test methods such as `pm_decline`.
"""
