"""The sandbox card processor. It keeps its own account of money, and trusts nobody.

Owns: payment intents (created, confirmed, cancelled) and refunds, each once per Idempotency-Key.
Emits: nothing; a caller asks for a payment's state.
Reacts to: nothing.
Accepts: Stripe-shaped HTTP from whoever knows the bearer secret; test methods such as `pm_decline`.
"""
