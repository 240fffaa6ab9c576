"""Repair by hand: what an operator does to messages that were given up on, and the record of it.

Owns: the audit trail, one row per action: who, when, what, on what, why, and the outcome.
Emits: nothing.
Reacts to: nothing.
Accepts: looks at dead letters, redrives, republications and looks at the audit trail, from operators only.
"""
