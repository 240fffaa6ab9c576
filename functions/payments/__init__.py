"""Takes money for orders and gives it back, through a card processor behind a port.

Owns: one payment per order with the processor's id for it; the payment methods that customers registered.
Emits: PaymentCaptured, PaymentDeclined, PaymentVoided, RefundStarted, PaymentRefunded.
Reacts to: nothing.
Accepts: charge_payment and refund_payment from the saga, payment_status from checkout's operators; payment
methods from customers.
"""
