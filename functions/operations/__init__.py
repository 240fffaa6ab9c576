"""Repair by hand: what an operator does to messages that were given up on, and the record of it.

Owns: the audit trail, one row per action: who, when, what, on what, why, and what came of it.
Emits: nothing.
Reacts to: nothing.
Accepts: looks, redrives, republications and the audit trail, from operators only.
"""
