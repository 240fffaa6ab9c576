"""How work comes into a service and goes out of it: HTTP, saga steps, events, commands, the relay."""
