"""The read side: what customers see of their orders, folded from the other services' events.

Owns: the journal of all events, and the order_history view folded from it.
Emits: nothing.
Reacts to: every event of every service.
Accepts: requests of customers for their own orders, and of operators for anybody's.
"""
