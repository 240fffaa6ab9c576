"""Stock and its reservations.

Owns: stock per SKU in one bucket or several (available + taken = received, none negative), one reservation
per order, adjustments of stock.
Emits: StockReserved, StockReleased, StockAdjusted.
Reacts to: OrderConfirmed (commits the reservation).
Accepts: reserve_stock and release_stock from the saga; claim_open, commit_stock and release_stock from
checkout's reconciliation; reservation_status from checkout's operators; receipts, adjustments and buckets of
stock from operators.
"""
