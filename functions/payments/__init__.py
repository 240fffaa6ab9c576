"""Takes money for orders and gives it back, through a card processor behind a port, and keeps the ledger.

Owns: the ledger's streams of each order's payment and of each customer's wallet; the seals over all of them;
the payment methods that customers registered.
Emits: PaymentCaptured, PaymentDeclined, PaymentVoided, RefundStarted, PaymentRefunded, WalletChanged.
Reacts to: OrderConfirmed (the order's money becomes revenue); CustomerErasureStarted, CustomerErased (refuses
further payment methods).
Accepts: charge_payment and refund_payment from the saga; payment_status from checkout's operators;
claim_unsold, post_sale and refund_payment from checkout's reconciliation; payment methods from customers;
deposits and payouts from operators; forget_methods from customers' erasure.
"""
