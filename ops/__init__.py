"""The runbook: a page for each alarm, the invariants and their check, and the trace of an order.

Nothing that ships imports anything from here.
"""
