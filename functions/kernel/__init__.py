"""What every service needs and none owns.

It commits state and events together, relays them, receives them once, runs saga steps, answers HTTP and
knows the caller. It holds no business noun, imports no service, and needs no environment to be imported.
It may grow to 14 files and 750 code lines, no further.
What may never come in: a rule of one service, a shared table, a base class for services to inherit, a
second clock, or a convenience that only one service uses.
"""
