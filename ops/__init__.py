"""What an operator reads and runs: a page per alarm, what must hold, a check of it, an order's trace.

Nothing that ships imports anything from here.
"""
