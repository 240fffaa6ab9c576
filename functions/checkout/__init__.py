"""The saga: starts it and repairs it.

Owns: no table; two state machines, CheckoutSaga and CheckoutRepair.
Reacts to: OrderPlaced (starts the saga).
Asks: orders for what is overdue, every minute; inventory for what it holds too long, every hour; all
three for what an operator resumes or resolves.
Accepts: resume and resolve from operators.
"""
