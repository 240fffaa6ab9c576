"""Runs all of Settle on one machine: the emulator, its deployment, tokens, seed data and the demo.

Nothing here ships. Nothing here connects to any address but this machine's loopback address.
"""
