"""Orders and their status.

Owns: the order, from acceptance to its end; its own copy of catalog's prices.
Emits: OrderPlaced, CancellationStarted, OrderConfirmed, OrderCancelled, OrderParked, OrderResumed,
OrderResolved.
Reacts to: ProductListed, PriceChanged, ProductRetired (copies the price); CustomerErasureStarted,
CustomerErased (refuses further orders).
Accepts: a checkout and a cancel from customers; confirm_order, fence_order, cancel_order from the saga;
claim_overdue from checkout's sweep; order_status from checkout's reconciliation; resume_order and
resolve_order from checkout's operators; from operators also the list of orders that have not ended;
fence_customer and count_open_orders from customers' erasure.
"""
