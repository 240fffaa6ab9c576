"""Money taken for orders and given back, at a card processor behind a port.

Owns: one payment per order with the processor's id for it; the payment methods customers registered.
Emits: PaymentStarted, PaymentCaptured, PaymentDeclined, PaymentVoided, RefundStarted, PaymentRefunded.
Reacts to: nothing.
Accepts: charge_payment and refund_payment from the saga, payment_status from checkout's operators; payment
methods from customers.
"""
