"""What every service needs and none owns, in three storeys; no storey imports from the storey above it.

The words stand here: errors, events, money, ids and time, privacy, retries, how AWS is called. `table` is the
door to a service's own table. `triggers` is how work comes in and goes out.
The kernel holds no business noun, imports no service, and needs no environment to be imported.
A test holds the budget of each storey, about 1,000 code lines together.
What may never come in: a rule of one service, a shared table, a base class for services to inherit, a
second clock, or a convenience that only one service uses.
"""
