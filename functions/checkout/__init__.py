"""Starts the saga of every order, and repairs it.

Owns: no table; the state machines CheckoutSaga (Express or Standard) and CheckoutRepair.
Reacts to: OrderPlaced (starts the saga).
Asks: orders for overdue orders, every minute; inventory for stock that it holds too long, every hour;
orders, payments and inventory about an order that an operator resumes or resolves.
Accepts: resume and resolve from operators.
"""
