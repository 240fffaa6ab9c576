"""The facts that customers publishes about a person: ids, and never a word of a profile."""

from kernel.events import Event


class CustomerRegistered(Event):
    """The customer has a profile."""

    customer_id: str


class CustomerErasureStarted(Event):
    """The customer is to be forgotten: from now on nobody takes anything new from this id."""

    customer_id: str


class CustomerErased(Event):
    """The customer's data can be read by nobody any more, and the id never comes back."""

    customer_id: str
