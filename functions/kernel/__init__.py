"""The code that every service needs and no service owns, in three storeys.

A storey imports nothing from the storey above it. The lowest storey, the words, stands in this folder:
errors, events, money, ids and time, privacy, retries, and the clients of AWS. `table` is the door to a
service's own table. `triggers` holds the ways in which work comes in and goes out.
The kernel holds no business noun, imports no service, and needs no environment to be imported.
A test limits the code lines of each storey; the limits add up to about 1,000.
The kernel may never hold a rule of one service, a shared table, a base class for services to inherit, a
second clock, or a convenience that only one service uses.
"""
