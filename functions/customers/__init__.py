"""Who a customer is: every piece of personal data, and the keys that can forget it.

Owns: each person's profile with its history, sealed; one data key per person, in a table of its own.
Emits: CustomerRegistered, CustomerErasureStarted, CustomerErased.
Reacts to: nothing.
Accepts: registration, changes and addresses from the person; a look at a person from operators; erasure from
the person and from operators. Every five minutes it goes on with the erasures that are under way.
"""
