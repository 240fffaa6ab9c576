"""What the services declare at their handlers, gathered in `manifest.json`: written, committed, reviewed.

`make contracts` writes it. Infrastructure, the simulator's wiring and the tables of the READMEs read it.
"""
