"""How work comes into a service and goes out of it: HTTP, saga steps, schedules, events, commands, relay."""
