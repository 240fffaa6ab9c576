"""Stock and its reservations.

Owns: stock per SKU (available + reserved + sold = received, none negative), one reservation per order.
Emits: StockReserved, StockReleased, StockCommitted.
Reacts to: OrderConfirmed (commits the reservation).
Accepts: reserve_stock and release_stock from the saga; claim_open, commit_stock and release_stock from
checkout's reconciliation; reservation_status from checkout's operators; receipts of stock from operators.
"""
