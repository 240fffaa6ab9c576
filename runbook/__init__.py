"""What an operator reads and runs: a page per alarm, what must hold, an audit of it, an order's trace.

Nothing that ships imports anything from here.
"""
