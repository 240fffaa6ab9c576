"""One construct for each service: its functions, the rights of each, and the events that they read."""
